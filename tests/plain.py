"""HTTPX for our own servers on this machine, which speak no TLS. Used by the tests instead of `httpx.get` and the like.

A client of its own reads the certificates of all the world first, which takes a tenth of a second each time.
"""

import ssl
from functools import partial

import httpx

NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

get = partial(httpx.get, verify=NO_CERTIFICATES)
post = partial(httpx.post, verify=NO_CERTIFICATES)
request = partial(httpx.request, verify=NO_CERTIFICATES)
stream = partial(httpx.stream, verify=NO_CERTIFICATES)
Client = partial(httpx.Client, verify=NO_CERTIFICATES)
AsyncClient = partial(httpx.AsyncClient, verify=NO_CERTIFICATES)
