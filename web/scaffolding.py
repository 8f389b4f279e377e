"""`zapwerk connectors new`: writes a small connector that works, to begin with, and its test beside it."""

import keyword
import os
import re
from pathlib import Path

from engine.errors import Refused
from engine.registry import Registry
from web.shapes_connectors import Made

SCAFFOLD = Path(__file__).parent / "scaffold"
KEY = re.compile(r"[a-z][a-z0-9_]{1,39}")
RESERVED = frozenset({"check", "trigger", "connector", "connectors", "conftest", "tests", "zapwerk"})


def make(key: str, folder: Path, known: Registry) -> Made:
    """Raises `Refused` for a name that cannot be one, a key that is taken, and a file that is there already."""
    problem = _problem(key, known)
    if problem:
        raise Refused(problem)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    written = {folder / f"{key}.py": "connector.txt", folder / f"test_{key}.py": "test.txt"}
    for path in written:
        if path.exists():
            raise Refused(f"{path} is there already. Nothing was written; choose another name or another folder.")
    for path, scaffold in written.items():
        _write(path, _filled((SCAFFOLD / scaffold).read_text("utf-8"), key))
    file, test = written
    return Made(key, str(file), str(test))


def _problem(key: str, known: Registry) -> str:
    """Why this key cannot be used, as a sentence; “” if it can."""
    if not KEY.fullmatch(key):
        return f"“{key}” cannot be a connector’s key. Write it like tasko or my_app: small letters, digits and _."
    if keyword.iskeyword(key) or key in RESERVED or key.startswith("test_") or key.endswith("_test"):
        return f"“{key}” has a meaning of its own. Please choose another name."
    if key in known.connectors:
        return f"There is a connector “{key}” already ({known.origins[key].where}). Please choose another name."
    return ""


def _filled(text: str, key: str) -> str:
    words = key.replace("_", " ").strip()
    names = {"KEY": key, "TITLE": words[:1].upper() + words[1:], "CLASS": "".join(map(str.capitalize, key.split("_")))}
    return re.sub(r"__(KEY|TITLE|CLASS)__", lambda found: names[found[1]], text)


def _write(path: Path, text: str) -> None:
    """Never over a file that is there, and whole: a running engine loads what it sees."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, "utf-8")
    try:
        os.link(part, path)
    except FileExistsError as error:
        raise Refused(f"{path} is there already. Nothing was written over it.") from error
    finally:
        part.unlink()
