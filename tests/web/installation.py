"""One installation for a test: a data folder with the shop as its connector, and the command line in this process."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

from typer.testing import Result

from engine.engine import Engine
from engine.runtime import Runtime
from engine.settings import Settings
from engine.store.states import FINISHED
from tests import commands
from tests.waiting import wait_until

PASSWORD = "open sesame"
ZAP = """
zapwerk: 1
name: {name}
trigger: {{use: shop.new_order, connection: shop}}
steps:
  - key: parcel
    use: shop.send_parcel
    connection: shop
    with: {{to: "{{{{ trigger.who }}}}"}}
"""
RESTS = {*FINISHED, "held", "needs_review"}


@dataclass
class Installation:
    """`data` is its folder, `shop` the folder of the shop."""

    data: Path
    shop: Path
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def run(self, *words: str, code: int = 0, said: str = "") -> Result:
        """A command; fails when it does not end with `code`. `said` is its standard input."""
        done = commands.invoke("--data", str(self.data), *words, said=said)
        assert done.exit_code == code, f"{words} ended with {done.exit_code}: {done.output}{done.exception!r}"
        return done

    def json(self, *words: str, code: int = 0) -> Any:
        """What a command says with --json: one document and nothing else."""
        return json.loads(self.run(*words, "--json", code=code).stdout)

    def connect(self, name: str = "shop", *more: str) -> None:
        values = (f"folder={self.shop}", f"password={PASSWORD}")
        settings = [word for value in values for word in ("--set", value)]
        self.run("connections", "add", "shop", "--name", name, *settings, *more)

    def write_zap(self, text: str | None = None, name: str = "Parcels") -> Path:
        path = self.data.parent / f"zap-{next(self.numbers)}.yaml"
        path.write_text(ZAP.format(name=name) if text is None else text, "utf-8")
        return path

    def switch_on(self, name: str = "Parcels") -> None:
        self.run("zaps", "import", str(self.write_zap(name=name)), "--enable")

    def order(self, *people: str) -> None:
        """Orders come in, one after the other."""
        for who in people:
            path = self.shop / "orders" / f"{next(self.numbers):04}.txt"
            part = path.with_suffix(".part")
            part.write_text(who)
            part.rename(path)

    def parcels(self) -> list[str]:
        path = self.shop / "parcels.txt"
        return path.read_text().split() if path.exists() else []

    def work(self, runs: int) -> None:
        """Lets the engine work until there are so many runs, and all of them rest."""
        asyncio.run(self._work(lambda: self._at_rest(runs)))

    def _at_rest(self, runs: int) -> bool:
        states = [run["state"] for run in self.json("runs", "list")]
        return len(states) == runs and set(states) <= RESTS

    async def _work(self, done: Callable[[], bool]) -> None:
        settings = Settings(data=self.data, tick=timedelta(milliseconds=20), settle=timedelta(0))
        runtime = Runtime(settings)
        engine = Engine(runtime)
        try:
            await engine.start()
            await asyncio.to_thread(wait_until, done, 20, what="the runs to rest")
        finally:
            await engine.stop(5)
            await runtime.close()


def flat(text: str) -> str:
    """What was said, without the box that was drawn around it."""
    return " ".join(text.replace("│", " ").split())
