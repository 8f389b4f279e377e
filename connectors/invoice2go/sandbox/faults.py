"""The sandbox misbehaves on request: which calls, how, and how often. Kept in memory; a restart forgets them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

KINDS = {
    "rate_limit": "429 with Retry-After; nothing is done",
    "unavailable": "503 with Retry-After; nothing is done",
    "expired_token": "401, as if the access token had expired",
    "slow": "does it, and answers after `seconds`",
    "error_before": "500; nothing is done",
    "error_after": "500, although it was done",
    "timeout_before": "holds the call for `seconds`, and does nothing",
    "timeout_after": "does it, and holds the answer for `seconds`",
    "cut_before": "cuts the connection; nothing is done",
    "cut_after": "does it, and cuts the connection",
}
ANY_METHOD = frozenset({"rate_limit", "unavailable", "expired_token", "slow"})
MAX_SECONDS = 600.0


@dataclass(frozen=True)
class Fault:
    """One way to misbehave, for the next `times` calls whose path contains `path` (and method is `method`)."""

    kind: str
    times: int = 1
    path: str = "/api/"
    method: str = ""
    seconds: float = 1.0

    def concerns(self, method: str, path: str) -> bool:
        return self.path in path and self.method in ("", "*", method)


class Faults:
    """Those still to come, in order."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._waiting.append(fault)

    def clear(self) -> None:
        self._waiting.clear()

    def shown(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self._waiting]

    def take(self, method: str, path: str) -> Fault | None:
        """The first that concerns this call; it is used up by one."""
        for place, fault in enumerate(self._waiting):
            if fault.concerns(method, path):
                left = replace(fault, times=fault.times - 1)
                self._waiting[place : place + 1] = [left] if left.times > 0 else []
                return fault
        return None


def fault_of(given: dict[str, Any]) -> Fault:
    """A fault as asked for over HTTP. Raises `ValueError`. Faults of an effect concern POST unless told otherwise."""
    kind = given.get("kind")
    if kind not in KINDS:
        raise ValueError(f"`kind` must be one of: {', '.join(KINDS)}")
    times, seconds = int(given.get("times", 1)), float(given.get("seconds", 1.0))
    if not (1 <= times <= 1_000_000 and 0 <= seconds <= MAX_SECONDS):
        raise ValueError("`times` must be 1 or more, `seconds` between 0 and 600")
    method = str(given.get("method") or ("" if kind in ANY_METHOD else "POST")).upper()
    return Fault(kind, times, str(given.get("path") or "/api/"), method, seconds)


async def perform(fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers the call in the way the fault says."""
    match fault.kind:
        case "rate_limit" | "unavailable":
            return _busy(fault)
        case "expired_token":
            return refusal(401, "token_expired", "The access token has expired.")
        case "slow":
            await asyncio.sleep(fault.seconds)
            return await handler(request)
    await request.read()
    answer = await handler(request) if fault.kind.endswith("_after") else refusal(500, "failed", "Nothing was done.")
    if fault.kind.startswith("timeout"):
        await asyncio.sleep(fault.seconds)
    elif fault.kind.startswith("error"):
        return refusal(500, "failed", "Something went wrong.")
    elif request.transport is not None:
        request.transport.abort()
    return answer


def _busy(fault: Fault) -> web.Response:
    status = 429 if fault.kind == "rate_limit" else 503
    answer = refusal(status, "busy", "Too many calls; try again later.")
    answer.headers["Retry-After"] = str(max(round(fault.seconds), 0))
    return answer


def refusal(status: int, code: str, message: str, **more: Any) -> web.Response:
    """An error in the shape that the profile describes."""
    error = {"code": code, "message": message, **{name: value for name, value in more.items() if value is not None}}
    return web.json_response({"meta": {"status": status}, "error": error}, status=status)
