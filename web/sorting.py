"""The order of names in lists, as readers look for them: “Österreich” stands among the O."""

import unicodedata


def by_name(name: str) -> tuple[str, str]:
    """A key to sort by: letters with marks stand where those without stand, capitals where small ones do."""
    parts = unicodedata.normalize("NFKD", name.casefold())
    return "".join(one for one in parts if not unicodedata.combining(one)), name
