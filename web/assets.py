"""What browsers load: styles, scripts, icons. Held in memory, compressed once, under an address that changes with them.

The style sheets of static/css are sent as one, in the order of their names.
"""

import gzip
import hashlib
import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent / "static"
STYLE = "zapwerk.css"
FOR_EVER = "public, max-age=31536000, immutable"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".json": "application/json"}


@dataclass(frozen=True)
class Asset:
    """One file, as it is and compressed."""

    media_type: str
    plain: bytes
    zipped: bytes


@dataclass(frozen=True)
class Assets:
    """All files by their path below static/, and the digest that is part of their address."""

    digest: str
    files: dict[str, Asset]

    def url(self, path: str) -> str:
        """Raises `KeyError` for a file that is not there, so that a wrong name in a template is found at once."""
        if path not in self.files:
            raise KeyError(f"There is no static file {path}.")
        return f"/static/{self.digest}/{path}"


@lru_cache(maxsize=1)
def load(folder: Path = FOLDER) -> Assets:
    """Reads the folder."""
    found = dict(_read(folder))
    styles = b"\n".join(content for path, content in sorted(found.items()) if path.startswith("css/"))
    found = {path: content for path, content in found.items() if not path.startswith("css/")} | {STYLE: styles}
    digest = hashlib.sha256()
    for path, content in sorted(found.items()):
        digest.update(path.encode() + b"\0" + content)
    return Assets(digest.hexdigest()[:12], {path: _asset(path, content) for path, content in found.items()})


def _read(folder: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.suffix in TYPES:
            yield file.relative_to(folder).as_posix(), file.read_bytes()


def _asset(path: str, content: bytes) -> Asset:
    suffix = Path(path).suffix
    media_type = TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
    return Asset(media_type, content, gzip.compress(content, 9, mtime=0))
