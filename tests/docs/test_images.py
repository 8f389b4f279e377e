"""What Docker is told: there is no Docker in these tests, so the files themselves are held to what they promise."""

import re
from typing import Any

import pytest
import yaml

from engine.settings import PREFIX, Settings
from tests.project import PACKAGES, ROOT

VARIABLE = re.compile(rf"{PREFIX}[A-Z_]+")


@pytest.fixture(scope="module")
def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text("utf-8")


@pytest.fixture(scope="module")
def app() -> dict[str, Any]:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    assert set(compose) == {"services", "volumes"}
    service: dict[str, Any] = compose["services"]["zapwerk"]
    assert {volume.partition(":")[0] for volume in service["volumes"]} == set(compose["volumes"])
    return service


def test_the_app_is_reachable_from_this_machine_only(app):
    assert app["ports"] == ["127.0.0.1:8000:8000"]


def test_the_container_can_change_nothing_but_its_data(app):
    assert app["read_only"] is True
    assert app["volumes"] == ["zapwerk-data:/data"]
    assert app["tmpfs"] == ["/tmp"]
    assert app["cap_drop"] == ["ALL"]
    assert app["security_opt"] == ["no-new-privileges:true"]


def test_the_app_comes_back_by_itself(app):
    assert app["restart"] == "unless-stopped"


def test_every_variable_is_a_setting(app, dockerfile):
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    assert set(VARIABLE.findall(dockerfile)) | set(app["environment"]) <= known


def test_the_image_runs_as_a_user_without_rights(dockerfile):
    stages = dockerfile.split("FROM ")
    assert "\nUSER zapwerk\n" in stages[-1]
    assert stages[-1].index("USER zapwerk") < stages[-1].index('CMD ["zapwerk", "serve"')


def test_everything_in_the_image_is_pinned(dockerfile):
    installs = re.findall(r"pip (?:install|wheel) [^\\&\n]+", dockerfile)
    assert len(installs) == 4
    assert [one for one in installs if "--require-hashes" not in one and "--no-deps" not in one] == []


def test_the_image_is_asked_whether_it_is_ready(dockerfile):
    assert "HEALTHCHECK" in dockerfile
    assert "/readyz" in dockerfile


def test_the_image_is_built_from_our_packages_and_nothing_else(dockerfile):
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    copied = {
        word for line in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE) for word in line.split()
    }
    assert copied == allowed
    assert set(PACKAGES) <= allowed
