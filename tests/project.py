"""The repository as its own tests see it: files, modules, functions. Used by the tests about the project."""

import ast
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("zapwerk", "engine", "connectors", "web")


@cache
def files() -> tuple[Path, ...]:
    """All files of the repository, also new ones that are not yet committed; nothing that is ignored."""
    found = _known_to_git() if (ROOT / ".git").exists() and shutil.which("git") else _found_by_walking()
    return tuple(sorted(path for path in found if path.is_file()))


def _known_to_git() -> set[Path]:
    # Whoever runs the tests need not own the folder.
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return {ROOT / name for name in listed.stdout.split("\0") if name}


def _found_by_walking() -> set[Path]:
    """For an unpacked archive: what lies in the folders that a repository has."""
    places = [ROOT / name for name in (*PACKAGES, "tests", "docs", "scripts", "benchmarks", ".ci")]
    below = {path for place in places for path in place.rglob("*") if "__pycache__" not in path.parts}
    return below | {path for path in ROOT.iterdir() if path.is_file()}


def modules(*folders: str) -> Iterator[Path]:
    """The Python files below these folders of the repository."""
    below = [ROOT / folder for folder in folders]
    return (path for path in files() if path.suffix == ".py" and any(one in path.parents for one in below))


def named(path: Path) -> str:
    """A file as messages name it."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), filename=str(path))


def imported(path: Path) -> set[str]:
    """The top-level packages that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function of a module with the lines of its body, docstring not counted."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            yield f"{named(path)}:{node.lineno} {node.name}", (node.end_lineno or 0) - body[0].lineno + 1
