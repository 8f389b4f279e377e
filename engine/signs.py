"""Signs that no text may hold: NUL and halves of characters. Asked by whatever takes in texts that are stored. Pure."""

import re

_UNWELCOME = re.compile("[\x00\ud800-\udfff]")


def unwelcome(text: str) -> bool:
    """Whether there is NUL or a lone surrogate: no text that people write holds them, and not every database takes
    them."""
    return _UNWELCOME.search(text) is not None
