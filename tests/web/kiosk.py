"""A kiosk: a real service over HTTP on this machine, and a connector for it with one operation of each kind."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

CONNECTOR = '''
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Annotated
from pydantic import BaseModel, Field
from zapwerk import (
    Account, ApiKey, Choice, Choices, Connector, Context, Delivery, Hook, InvalidInput, PermanentFailure, QuotaReached,
    Record,
)

kiosk = Connector("kiosk", title="Kiosk", base_url="URL", auth=[ApiKey(header="X-Key")])


@kiosk.check
async def account(ctx: Context) -> Account:
    me = (await ctx.http.get("me")).json()
    return Account(me["id"], me["name"])


async def shelves(ctx: Context, given: BaseModel, search: str) -> list[Choice]:
    rows = (await ctx.http.get("shelves")).json()
    return [Choice(name[0], name.capitalize()) for name in rows if search in name]


class Sales(BaseModel):
    least: Decimal | None = Field(None, title="At least")
    tags: list[str] = Field([], title="Tags")


class Sale(Record):
    what: str = Field(title="What")


@kiosk.trigger(every=timedelta(minutes=5))
async def new_sale(ctx: Context, given: Sales) -> AsyncIterator[Sale]:
    """Something is sold."""
    ctx.log.debug("asking with %s", ctx.credentials.key.get_secret_value())
    print("hello")
    for row in (await ctx.http.get("sales")).json():
        yield Sale.model_validate(row)


class Wish(BaseModel):
    what: str = Field(title="What")


class Order(Wish):
    shelf: Annotated[str, Choices(shelves)] = Field(title="Shelf")


@kiosk.search()
async def find_sale(ctx: Context, given: Wish) -> Sale | None:
    """Find a sale."""
    rows = [row for row in (await ctx.http.get("sales")).json() if row["what"] == given.what]
    return Sale.model_validate(rows[0]) if rows else None


@kiosk.action()
async def order(ctx: Context, given: Order) -> Sale:
    """Order something."""
    if given.what == "gold":
        raise PermanentFailure("There is none.")
    if given.what == "ice":
        raise QuotaReached("No more today.")
    if given.what == "mud":
        raise InvalidInput("Nobody wants that.", field="what")
    if given.what == "bug":
        1 / 0
    return Sale.model_validate((await ctx.http.post("orders", json={"what": given.what})).json())


@order.lookup
async def this_order(ctx: Context, given: Order) -> Sale | None:
    return None


@kiosk.webhook()
async def paid(ctx: Context, given: Sales, delivery: Delivery) -> list[Sale]:
    """Somebody paid."""
    return [Sale.model_validate_json(delivery.body)]


@paid.verify
def signed(hook: Hook, delivery: Delivery) -> None:
    if delivery.headers.get("x-secret") != hook.secret:
        raise PermanentFailure("It is not signed.")
'''


class Kiosk:
    """The service, seen from behind its counter."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.empty()

    def empty(self) -> None:
        self._sales: list[dict[str, Any]] = []
        self._orders: list[str] = []
        self._loses_answers = False

    def connector(self) -> str:
        return CONNECTOR.replace("URL", self.url)

    def sell(self, *names: str) -> None:
        """Sales, one after the other; the newest comes first."""
        for name in names:
            number = len(self._sales) + 1
            self._sales.insert(0, {"id": str(number), "what": name, "place": {"shelf": "upper"}})

    def orders(self) -> list[str]:
        return list(self._orders)

    def lose_answers(self) -> None:
        """From now on, a write is done and its answer never comes."""
        self._loses_answers = True

    def answer(self, method: str, path: str, body: bytes) -> Any:
        """What is answered; None for a connection that is cut, text for a page."""
        match method, path:
            case "GET", "/me":
                return {"id": "k1", "name": "Kim"}
            case "GET", "/shelves":
                return ["upper", "lower"]
            case "GET", "/sales":
                return self._sales
            case _:
                return self._ordered(json.loads(body)["what"])

    def _ordered(self, what: str) -> Any:
        self._orders.append(what)
        if self._loses_answers:
            return None
        return "<html>We are closed</html>" if what == "page" else {"id": f"o{len(self._orders)}", "what": what}


class _Handler(BaseHTTPRequestHandler):
    kiosk: Kiosk

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        known = self.headers.get("X-Key") == "open-sesame-42"
        answer = self.kiosk.answer(self.command, self.path, body) if known else {}
        if answer is None:
            self.close_connection = True
            return
        text = answer if isinstance(answer, str) else json.dumps(answer)
        self.send_response(200 if known else 401)
        self.send_header("Content-Type", "text/html" if isinstance(answer, str) else "application/json")
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""


@contextmanager
def kiosk_at() -> Iterator[Kiosk]:
    """The kiosk, open."""

    class Handler(_Handler):
        """Has a kiosk of its own."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        kiosk = Handler.kiosk = Kiosk(f"http://127.0.0.1:{server.server_address[1]}/")
        thread = Thread(target=server.serve_forever, name="kiosk")
        thread.start()
        try:
            yield kiosk
        finally:
            server.shutdown()
            thread.join()
