"""What every page is given: the installation, its engine, what browsers load. Made once by `app.create`."""

import importlib.metadata
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, cast
from urllib.parse import urlsplit

from fastapi import Depends, Request

from engine.engine import Engine
from engine.runtime import Runtime
from web import assets
from web.assets import Assets
from web.connecting.checks import Checks
from web.connecting.consents import Consents
from web.drafting.failed_tests import FailedTests
from web.drafting.finds import Finds
from web.drafting.rehearsals import Rehearsals
from web.live import Live
from web.visitors import Visitor


@dataclass(frozen=True)
class Site:
    """The installation as the pages see it."""

    runtime: Runtime
    engine: Engine
    assets: Assets = field(default_factory=assets.load)
    live: Live = field(default_factory=Live)
    checks: Checks = field(default_factory=Checks)
    consents: Consents = field(default_factory=Consents)
    finds: Finds = field(default_factory=Finds)
    failed_tests: FailedTests = field(default_factory=FailedTests)
    rehearsals: Rehearsals = field(default_factory=Rehearsals)

    @cached_property
    def version(self) -> str:
        return importlib.metadata.version("zapwerk")

    def address(self, path: str = "") -> str:
        """A path as a whole address, made of the one place that says where we are reached."""
        return self.runtime.address() + path

    @property
    def encrypted(self) -> bool:
        """Whether browsers come by https, so that cookies may insist on it."""
        return urlsplit(self.runtime.settings.public_url or "").scheme == "https"


def _site(request: Request) -> Site:
    return cast(Site, request.app.state.site)


def _visitor(request: Request) -> Visitor:
    return cast(Visitor, request.state.visitor)


Here = Annotated[Site, Depends(_site)]
By = Annotated[Visitor, Depends(_visitor)]
