"""Takes the pictures of the docs: runs the demo in a folder of its own and draws what the terminal showed.

python scripts/pictures.py
"""

import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
WIDTH = 110  # columns
LONGEST = 120  # seconds
PROGRESS = re.compile("[\u2800-\u28ff]")  # Braille dots that turn


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        shown, code = recorded([str(Path(sys.executable).with_name("zapwerk")), "demo", "--once"], Path(folder))
    if code:
        sys.stderr.write(f"The demo ended with {code}:\n{shown}\n")
        return 1
    PICTURES.mkdir(exist_ok=True)
    (PICTURES / "demo.svg").write_text(drawn("$ zapwerk demo --once\n" + settled(shown), "Zapwerk"), "utf-8")
    return 0


def recorded(command: list[str], folder: Path) -> tuple[str, int]:
    """What a command writes to a terminal, colours included, and its exit code."""
    ours, theirs = pty.openpty()
    size = {"COLUMNS": str(WIDTH), "LINES": "60", "TERM": "xterm-256color"}
    process = subprocess.Popen(  # noqa: S603 - our own command
        command, cwd=folder, env={**os.environ, **size}, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    written = b""
    while chunk := _read(ours):
        written += chunk
    os.close(ours)
    return written.decode("utf-8", "replace").replace("\r\n", "\n"), process.wait(LONGEST)


def settled(text: str) -> str:
    """What stays on the terminal: a line that was overwritten shows its last state, a progress mark goes."""
    lines = [line.rsplit("\x1b[2K", 1)[-1] for line in text.split("\n")]
    return "\n".join(line for line in lines if not PROGRESS.search(line))


def drawn(text: str, title: str) -> str:
    """The text as an SVG of a terminal window."""
    with open(os.devnull, "w") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere, force_terminal=True)
        console.print(Text.from_ansi(text.rstrip()), soft_wrap=True)
    # Rich's own format fetches a font from elsewhere; the reader's monospace does.
    return console.export_svg(
        title=title, code_format=re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.S)
    )


def _read(terminal: int) -> bytes:
    """Nothing more once the command has closed its side: Linux says so with an error."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


if __name__ == "__main__":
    sys.exit(main())
