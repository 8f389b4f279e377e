"""Random texts that open something, and how they are found again. Used by sign-ins, links, tokens and recovery codes.

The database holds only their hashes. A plain SHA-256 is enough, as nobody can go through 2^80 texts; passwords, which
people choose, need argon2 instead.
"""

import hashlib
import hmac
import secrets

TOKEN_BYTES = 32  # 256 bits


def new_token() -> str:
    """43 characters that may stand in an address or a cookie."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_of(text: str) -> str:
    """What is stored, and looked for."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def derived(token: str, purpose: str) -> str:
    """Another secret that only the holder of `token` and we can make; it does not lead back to the token."""
    return hmac.new(token.encode("utf-8", "surrogatepass"), purpose.encode(), "sha256").hexdigest()
