"""HTTP: one request to any service that has no connector of its own.

A connection is optional. It holds the sign-in and the address it is for; its secret is sent nowhere else.
"""

from connectors.http import request
from connectors.http.connector import http

__all__ = ["http", "request"]
