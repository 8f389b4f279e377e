"""The web app: pages, API, webhooks, and whether it all works. Made by `serving`, over one installation."""

from fastapi import Depends, FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from engine.engine import Engine
from engine.runtime import Runtime
from web import failures, guarded, hooks, metrics, pages
from web.api import Api
from web.bodies import LONGEST_FORM, MOST_FIELDS, Bodies
from web.front import HEADERS, Front
from web.health import not_ready
from web.security import guard
from web.site import Here, Site

__all__ = ["HEADERS", "create", "not_ready"]


def create(runtime: Runtime, engine: Engine) -> FastAPI:
    """The app over one installation."""
    app = FastAPI(
        title="Zapwerk",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(guard)],
        form_limits={"max_fields": MOST_FIELDS, "max_part_size": LONGEST_FORM},
        redirect_slashes=False,  # Starlette would make the address from the Host header; `failures` does it instead
    )
    app.state.site = Site(runtime, engine)
    app.add_middleware(Bodies)
    app.add_middleware(Front)
    failures.register(app)
    taking_in = hooks.Hooks(engine.webhooks, runtime.settings.hook_body_limit)
    app.router.routes.append(Route(hooks.PATH, taking_in))  # those who call it have no session
    app.add_api_route("/healthz", healthz)
    app.add_api_route("/readyz", readyz)
    app.add_api_route("/metrics", figures)
    guarded.add(app, pages.ROUTERS)
    app.router.routes.append(Api(app))
    return app


async def healthz() -> PlainTextResponse:
    """200 as long as the process lives."""
    return PlainTextResponse("ok\n", headers={"cache-control": "no-store"})


def figures(here: Here) -> PlainTextResponse:
    """The figures of this installation, for Prometheus."""
    text = metrics.text(here.runtime, here.engine, here.version)
    return PlainTextResponse(text, headers={"cache-control": "no-store"}, media_type=metrics.CONTENT_TYPE)


async def readyz(here: Here) -> JSONResponse:
    """200 when zaps run; 503 with the reasons why they do not. Single triggers that fail are counted, and no reason."""
    reasons = not_ready(here.runtime, here.engine)
    answer = {"ready": not reasons, "reasons": reasons, "triggers": dict(here.engine.watchdog.counts)}
    return JSONResponse(answer, 503 if reasons else 200, headers={"cache-control": "no-store"})
