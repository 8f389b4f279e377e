"""Reads the clients of the Invoice2go sandbox over HTTP, as any program with its key may: the demo's proof."""

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from engine.errors import Refused

TIMEOUT = 10.0  # seconds

Client = dict[str, Any]


@dataclass(frozen=True)
class Sandbox:
    """Its API, on this computer."""

    base_url: str
    key: str

    def clients(self, **filters: str) -> list[Client]:
        """All clients with these values (`email`, `name`), the newest first. Raises `Refused`."""
        (account, *_) = self._rows("/accounts", {})
        found: list[Client] = []
        while True:
            asked = {"sort": "-created_at", "page": str(len(found) // 100 + 1), "page_size": "100", **filters}
            rows = self._rows(f"/accounts/{account['id']}/clients", asked)
            found += rows
            if len(rows) < 100:
                return found

    def _rows(self, path: str, asked: dict[str, str]) -> list[Client]:
        address = f"{self.base_url}{path}?{urlencode(asked)}"
        request = urllib.request.Request(address, headers={"Authorization": f"Bearer {self.key}"})  # noqa: S310
        rows: list[Client] = _read(request)["data"]
        return rows


def ready(address: str, within: float) -> list[str]:
    """Waits until Zapwerk says that it is ready; the reasons why not, if it does not in time."""
    ends_at = time.monotonic() + within
    reasons = ["It does not answer."]
    while time.monotonic() < ends_at:
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=TIMEOUT):  # noqa: S310 (our own address)
                return []
        except urllib.error.HTTPError as error:
            reasons = json.loads(error.read())["reasons"]
        except OSError:
            pass
        time.sleep(0.05)
    return reasons


def _read(request: urllib.request.Request) -> Any:
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
            return json.load(answer)
    except (OSError, ValueError) as error:
        raise Refused(f"The Invoice2go sandbox could not be read: {error}") from error
