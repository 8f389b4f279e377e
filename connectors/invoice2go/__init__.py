"""Invoice2go: create clients and items. The API is not public; see profile.py for what is known and what is not."""

from connectors.invoice2go import clients, items
from connectors.invoice2go.connector import invoice2go
from connectors.invoice2go.profile import Invoice2goProfile

__all__ = ["Invoice2goProfile", "clients", "invoice2go", "items"]
