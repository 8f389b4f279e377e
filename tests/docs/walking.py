"""Follows a page of the docs as a reader does: saves its files, types its commands in an empty folder, and compares
what is printed with what the page says. Used by the test of the tutorial.

The page is held to a few forms: “Save this as `FILE`:” and “Add this to the end of `FILE`:” before code; `$ ` before a
command, its output below it; “leave it running” before commands for the second terminal, and “the second terminal”
before a `text` block with what is to be seen there. `…` stands for anything on one line.
"""

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.waiting import wait_until

BLOCK = re.compile(r"^(?P<before>(?:(?!```)[^\n]+\n)+)\n```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
SAVE = re.compile(r"Save this as\s+`([^`]+)`:")
ADD = re.compile(r"Add this to the end\s+of\s+`([^`]+)`:")
PATIENCE = 30.0  # seconds


@dataclass(frozen=True)
class Block:
    """A fenced piece of the page, and the paragraph before it on one line."""

    before: str
    kind: str
    text: str


@dataclass(frozen=True)
class Typed:
    """A command, and what the page says that it prints."""

    command: str
    printed: str


def blocks(page: str) -> list[Block]:
    return [Block(" ".join(one["before"].split()), one["kind"], one["text"]) for one in BLOCK.finditer(page)]


def typed(text: str) -> Iterator[Typed]:
    """The commands of a console block."""
    assert text.startswith("$ "), text
    for piece in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, printed = piece.partition("\n")
        yield Typed(command, printed)


def exported(command: str) -> dict[str, str]:
    """“export NAME=VALUE”."""
    name, _, value = command.removeprefix("export ").partition("=")
    return {name: value}


def fits(printed: str, said: str) -> bool:
    """Whether what was printed is what the page says; blank lines and spaces at the ends of lines do not count."""
    return re.fullmatch(_pattern(said), _tidy(printed)) is not None


def _pattern(said: str) -> str:
    return ".*".join(re.escape(part) for part in _tidy(said).split("…"))


def _tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip())


@dataclass
class Reader:
    """Somebody with two terminals in one folder. Close it: what runs is stopped."""

    folder: Path
    environ: dict[str, str]
    second: dict[str, str] = field(default_factory=dict)
    running: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def seen(self) -> str:
        """What the second terminal shows."""
        path = self.folder.parent / "second-terminal"
        return path.read_text("utf-8") if path.exists() else ""

    def follow(self, block: Block) -> None:
        """Does what the page says. Fails when it is not what happens."""
        if block.kind == "console":
            in_second = "leave it running" in block.before
            for one in typed(block.text):
                (self._in_second if in_second else self._in_first)(one)
        elif block.kind == "text":
            assert "second terminal" in block.before, f"what is this?\n{block.text}"
            self._see(block.text)
        else:
            self._save(block)

    def close(self) -> None:
        for process in reversed(self.running):
            process.terminate()
        for process in self.running:
            process.wait(40)

    def _save(self, block: Block) -> None:
        saved, added = SAVE.search(block.before), ADD.search(block.before)
        assert saved or added, f"where does this go?\n{block.before}\n{block.text}"
        if saved:
            (self.folder / saved[1]).write_text(block.text, "utf-8")
        elif added:
            path = self.folder / added[1]
            path.write_text(f"{path.read_text('utf-8')}\n\n{block.text}", "utf-8")

    def _in_first(self, one: Typed) -> None:
        if one.command.startswith("export "):
            self.environ |= exported(one.command)
        elif one.command.endswith(" &"):
            self._start(shlex.split(one.command.removesuffix(" &")), self.environ, "background")
        elif one.command.startswith("curl ") and " -d " not in one.command:
            wait_until(lambda: fits(self._output(one.command), one.printed), PATIENCE, what=f"{one}")
        else:
            output = self._output(one.command)
            assert fits(output, one.printed), f"$ {one.command}\nprinted:\n{output}\ninstead of:\n{one.printed}"

    def _in_second(self, one: Typed) -> None:
        if one.command.startswith("export "):
            self.second |= exported(one.command)
            return
        self._start(shlex.split(one.command), {**self.environ, **self.second}, "second-terminal")
        self._see(one.printed)

    def _see(self, text: str) -> None:
        pattern = re.compile(f"^{_pattern(text)}$", re.MULTILINE)
        try:
            wait_until(lambda: pattern.search(_tidy(self.seen)), PATIENCE)
        except AssertionError as late:
            raise AssertionError(f"{text}\nis not to be seen in\n{self.seen}") from late

    def _start(self, command: list[str], environ: dict[str, str], name: str) -> None:
        nothing = subprocess.DEVNULL
        with (self.folder.parent / name).open("ab") as out:
            process = subprocess.Popen(command, cwd=self.folder, env=environ, stdout=out, stderr=out, stdin=nothing)
        self.running.append(process)

    def _output(self, command: str) -> str:
        """Both streams as a terminal shows them."""
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=60,
            check=False,
        )
        return done.stdout


def reader_in(folder: Path, tools: Path) -> Reader:
    """Without anything of ours in the environment; `tools` is where `zapwerk` and `python3` are."""
    foreign = {name: value for name, value in os.environ.items() if not name.startswith(("ZAPWERK_", "PYTEST_"))}
    folder.mkdir()
    path = f"{tools}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return Reader(folder, {**foreign, "PATH": path, "PYTHONUNBUFFERED": "1"})
