"""What this installation is: its version and licence, where its data lies, and whether it works."""

import importlib.metadata
import platform
from dataclasses import dataclass
from typing import ClassVar

from fastapi import Request
from fastapi.responses import Response

from engine.errors import within
from web.health import not_ready
from web.languages import words
from web.pages import settings
from web.pages.settings import SettingsPage
from web.rendering import page
from web.site import By, Here

router = settings.router()

DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass(frozen=True)
class AboutPage(SettingsPage):
    """`data` and `database` say where things lie, for owners; "" for others."""

    template: ClassVar[str] = "settings/about.html"
    tab: ClassVar[str] = "about"
    version: str
    python: str
    licence: str
    address: str
    data: str
    database: str
    reasons: tuple[str, ...]


@router.get("/about")
def about(request: Request, here: Here, by: By) -> Response:
    runtime = here.runtime
    shown = AboutPage(
        version=here.version,
        python=platform.python_version(),
        licence=_licence(),
        address=here.address(),
        data=str(runtime.settings.data.resolve()) if by.is_owner else "",
        database=DATABASES[runtime.database.engine.dialect.name] if by.is_owner else "",
        reasons=tuple(within(words(by.language).gettext(one), by.language) for one in not_ready(runtime, here.engine)),
    )
    return page(request, shown)


def _licence() -> str:
    return importlib.metadata.metadata("zapwerk")["License-Expression"] or ""
