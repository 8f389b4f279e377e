"""Icons as markup that stands in the page: it takes the colour of the words beside it. Drawn by Lucide (ISC)."""

import re
from functools import lru_cache
from pathlib import Path

from markupsafe import Markup

FOLDER = Path(__file__).parent / "static" / "icons"
_DRAWN = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


@lru_cache(maxsize=256)
def icon(name: str, classes: str = "") -> Markup:
    """Hidden from screen readers: the words beside it say the same. Raises `FileNotFoundError` for a wrong name."""
    drawn = _DRAWN.search((FOLDER / f"{name}.svg").read_text("utf-8"))
    assert drawn is not None
    inner = " ".join(drawn.group(1).split())
    # Only our own files and names from templates come here.
    return Markup(f'<svg class="icon {classes}" viewBox="0 0 24 24" aria-hidden="true">{inner}</svg>')  # noqa: S704
