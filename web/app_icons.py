"""The icons of apps: `KEY.svg` beside a connector's module, else its first letter on a quiet ground. Asked by pages."""

import html
import zlib
from functools import lru_cache
from pathlib import Path

from engine import texts
from engine.registry import Registry

LARGEST = 50_000  # bytes of a file
HUES = (20, 55, 95, 150, 195, 222, 265, 310, 340)


def of(registry: Registry, key: str) -> bytes:
    """The drawing, as SVG."""
    connector = registry.connectors.get(key)
    if connector is not None:
        for folder in texts.folders(connector):
            file = folder / f"{key}.svg"
            if file.is_file() and file.stat().st_size <= LARGEST:
                return _read(file, file.stat().st_mtime_ns)
    return letter(connector.title if connector else key)


@lru_cache(maxsize=256)
def _read(file: Path, changed: int) -> bytes:
    return file.read_bytes()


@lru_cache(maxsize=256)
def letter(title: str) -> bytes:
    """The first letter, in a colour that is always the same for this title."""
    hue = HUES[zlib.crc32(title.encode()) % len(HUES)]
    first = html.escape((title.strip() or "?")[0].upper())
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
        f'<rect width="32" height="32" rx="7" fill="hsl({hue} 32% 44%)"/>'
        '<text x="16" y="22" text-anchor="middle" font-family="system-ui,sans-serif" font-size="17" '
        f'font-weight="600" fill="#fff">{first}</text></svg>'
    ).encode()
