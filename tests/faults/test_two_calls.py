"""An action that makes two calls for one effect is killed between them: it goes on with the second."""

from pathlib import Path

from tests.faults.shops import shop
from tests.processes import Installation
from tests.waiting import wait_until

COUNTER = '''
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from pydantic import BaseModel, Field

from zapwerk import BlockingContext, Connector, Record

counter = Connector("counter", title="Counter")


class Sale(BaseModel):
    folder: str = Field(title="Folder")
    who: str = Field(title="Who")


class Sold(Record):
    number: str


@counter.action(settles=timedelta(0))
def sell(ctx: BlockingContext, given: Sale) -> Sold:
    """Sell something."""
    folder = Path(given.folder)
    number = ctx.checkpoint.get("number")
    if number is None:
        number = f"sale-{ctx.idempotency_key[:8]}"
        _write(folder, f"ordered {number}")
        ctx.checkpoint.put("number", number)
        _write(folder, "noted")
    while (folder / "queue").exists():
        time.sleep(0.02)
    _write(folder, f"paid {number}")
    return Sold(id=number, number=number)


@sell.lookup
def sold(ctx: BlockingContext, given: Sale) -> Sold | None:
    number = f"sale-{ctx.idempotency_key[:8]}"
    paid = f"paid {number}" in (Path(given.folder) / "ledger").read_text()
    return Sold(id=number, number=number) if paid else None


def _write(folder: Path, line: str) -> None:
    with (folder / "ledger").open("a") as ledger:
        ledger.write(f"{line}\\n")
'''
ZAP = """
zapwerk: 1
name: Sales
trigger: {{use: shop.new_order, connection: shop}}
steps:
  - {{key: sale, use: counter.sell, with: {{folder: {folder}, who: "{{{{ trigger.who }}}}"}}}}
"""


def test_killed_between_two_calls_it_does_the_first_once_and_the_second_once(tmp_path: Path):
    ledger, queue = tmp_path / "ledger", tmp_path / "queue"
    ledger.touch()
    queue.touch()
    connectors = tmp_path / "data" / "connectors"
    connectors.mkdir(parents=True)
    (connectors / "counter.py").write_text(COUNTER)
    with shop(tmp_path / "data", tmp_path / "corner") as running:
        Installation(running.installation.data).switch_on(ZAP.format(folder=tmp_path))
        running.order("Ada")
        wait_until(lambda: "noted" in ledger.read_text(), 30, what="the first of the two calls")
        running.served.kill()
        queue.unlink()
        running.served.start()
        wait_until(lambda: running.runs("Sales") == {"succeeded": 1}, 30, what="the end of the run")
        kinds = [line.split()[0] for line in ledger.read_text().splitlines()]
        assert kinds == ["ordered", "noted", "paid"]
