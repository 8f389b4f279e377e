"""A served installation with a zap that sends a parcel for every order; orders and parcels are kept outside of it."""

import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from tests import plain
from tests.processes import Installation, Served
from tests.waiting import free_port
from tests.web.installation import PASSWORD, ZAP

CONNECTOR = Path(__file__).parent.parent / "web" / "shop.py"
ZAP_NAME = "Parcels"


@dataclass
class Shop:
    """`corner` is the folder of the service, `served` the installation."""

    served: Served
    corner: Path
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    @property
    def installation(self) -> Installation:
        return self.served.installation

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.served.port}"

    def order(self, *people: str) -> None:
        for who in people:
            part = self.corner / "orders" / f"{next(self.numbers):04}.part"
            part.write_text(who)
            part.rename(part.with_suffix(".txt"))

    def sent(self) -> Counter[str]:
        """To whom, and how often."""
        parcels = self.corner / "parcels.txt"
        return Counter(parcels.read_text().splitlines()) if parcels.exists() else Counter()

    def reasons(self) -> str:
        """Why zaps do not run, or “”."""
        answer = plain.get(f"{self.url}/readyz", timeout=10)
        return "" if answer.status_code == 200 else answer.text

    def runs(self, name: str = ZAP_NAME) -> Counter[str]:
        """The runs of a zap, by state."""
        found = "SELECT run.state, count(*) FROM run JOIN zap ON zap.id = run.zap_id WHERE zap.name = ? GROUP BY 1"
        return Counter(dict(self.stored(found, name)))

    def stored(self, statement: str, *values: str) -> list[Any]:
        with closing(sqlite3.connect(self.installation.data / "zapwerk.db")) as database:
            return database.execute(statement, values).fetchall()


@contextmanager
def shop(data: Path, corner: Path, environ: dict[str, str] | None = None, *, forked: bool = True) -> Iterator[Shop]:
    """Served from a new data folder, its zap switched on. `environ` is for the server alone."""
    (corner / "orders").mkdir(parents=True)
    (data / "connectors").mkdir(parents=True, exist_ok=True)
    data.chmod(0o700)
    shutil.copy(CONNECTOR, data / "connectors" / "shop.py")
    served = Served(Installation(data, environ or {}, forked), free_port())
    served.start()
    try:
        outside = Installation(data)
        outside.connect("shop", "shop", {"folder": str(corner), "password": PASSWORD})
        outside.switch_on(ZAP.format(name=ZAP_NAME))
        yield Shop(served, corner)
    finally:
        served.stop()
