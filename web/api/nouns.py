"""All routers of the API, read by `web.api` when the first request comes. A new noun is added here."""

from fastapi import APIRouter

from web.api import (
    apps,
    connections,
    docs,
    house,
    me,
    people,
    rehearsals,
    runs,
    zap_drafts,
    zap_files,
    zap_publishing,
    zap_trying,
    zap_versions,
    zaps,
)

ROUTERS: tuple[APIRouter, ...] = (
    docs.router,
    zaps.router,
    zap_drafts.router,
    zap_publishing.router,
    zap_versions.router,
    zap_files.router,
    zap_trying.router,
    rehearsals.router,
    runs.router,
    connections.router,
    apps.router,
    people.router,
    me.router,
    house.router,
)
