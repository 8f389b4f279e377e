"""A stand-in for Invoice2go to practise and test with: a real HTTP service that does exactly what the profile says.

It is not Invoice2go and proves nothing about it. State lies in one SQLite file in the folder it is given.
"""

from connectors.invoice2go.sandbox.serving import serve

__all__ = ["serve"]
