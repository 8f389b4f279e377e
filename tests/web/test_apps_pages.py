"""The pages of apps: what each can do; for owners how this installation reaches it, for others whom to ask."""

import html
from collections.abc import Iterator

import httpx
import pytest

from engine.people.roles import Role
from tests.web.browser.house import House, house
from tests.web.visiting import Visit

APPS = ("gmail", "imap", "invoice2go", "webhook", "http", "schedule")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest.fixture
def owner(served: House) -> Iterator[Visit]:
    with Visit(served) as visit:
        yield visit


def said(answer: httpx.Response) -> str:
    return html.unescape(answer.text)


def values(visit: Visit, app: str, profile: str) -> dict[str, object]:
    found = visit.house.installation.show("apps", "show", app)["profiles"]
    return next(one["values"] for one in found if one["name"] == profile)


def test_every_app_is_listed_with_what_it_can_do(owner: Visit):
    page = said(owner.get("/apps"))
    for title in ("Gmail", "E-mail (IMAP)", "Invoice2go", "Webhook", "HTTP", "Schedule", "5 triggers", "2 actions"):
        assert title in page


@pytest.mark.parametrize("key", APPS)
def test_every_app_of_ours_has_an_icon_of_its_own(owner: Visit, key: str):
    icon = owner.get(f"/apps/{key}/icon.svg")
    assert icon.headers["content-type"].startswith("image/svg+xml")
    assert "<text" not in icon.text


@pytest.mark.parametrize("key", APPS)
def test_every_app_has_a_page_in_both_languages(served: House, key: str):
    for language in ("en", "de"):
        with Visit(served, language=language) as visit:
            assert visit.get(f"/apps/{key}").status_code == 200


def test_an_owner_fills_in_the_client_and_the_secret_is_never_shown_again(owner: Visit):
    page = said(owner.get("/apps/gmail"))
    assert f"{owner.house.url}/oauth/return" in page
    assert "It is an address on this computer" in page
    sent = {"given-default.client_id": "our-client", "given-default.client_secret": "very secret"}
    assert owner.post("/apps/gmail/profiles/default", **sent).status_code == 303
    page = said(owner.get("/apps/gmail"))
    assert "our-client" in page
    assert "very secret" not in page
    assert values(owner, "gmail", "default")["client_secret"] == "set"


def test_a_secret_that_is_left_empty_stays(owner: Visit):
    owner.post("/apps/gmail/profiles/default", **{"given-default.client_secret": "kept"})
    owner.post(
        "/apps/gmail/profiles/default", **{"given-default.client_id": "other", "given-default.client_secret": ""}
    )
    assert values(owner, "gmail", "default")["client_secret"] == "set"
    assert values(owner, "gmail", "default")["client_id"] == "other"


def test_what_was_confirmed_must_be_confirmed_again_after_a_change(owner: Visit):
    path, before = "/apps/invoice2go/profiles/invoice2go", "given-invoice2go."
    filled = {
        f"{before}base_url": "https://api.2go.com",
        f"{before}items_path": "accounts/{account}/items",
        f"{before}client_fields.0.key": "name",
        f"{before}client_fields.0.value": "name",
        f"{before}item_fields.0.key": "name",
        f"{before}item_fields.0.value": "name",
    }
    owner.post(path, **filled)
    assert "only by arrangement" in said(owner.get("/apps/invoice2go"))
    owner.post(path, **filled, **{f"{before}confirmed": "true"})
    assert values(owner, "invoice2go", "invoice2go")["confirmed"] is True
    owner.post(path, **{**filled, f"{before}base_url": "https://other.example"}, **{f"{before}confirmed": "true"})
    assert values(owner, "invoice2go", "invoice2go")["confirmed"] is False


def test_what_cannot_be_read_is_told_at_its_field_and_nothing_is_saved(owner: Visit):
    before = values(owner, "gmail", "default")
    sent = {"given-default.imap_port": "many", "given-default.client_id": "typed"}
    answer = owner.post("/apps/gmail/profiles/default", **sent)
    assert answer.status_code == 422
    assert "typed" in said(answer)
    assert values(owner, "gmail", "default") == before


@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
def test_only_owners_change_how_apps_are_reached(served: House, role: Role):
    with Visit(served, role) as visit:
        page = said(visit.get("/apps/gmail"))
        assert "Olga Owner" in page
        assert "given-default.client_id" not in page
        assert visit.post("/apps/gmail/profiles/default", **{"given-default.client_id": "x"}).status_code == 403
        assert visit.post("/apps/gmail/profiles/default/hosts", host="nas.local").status_code == 403


def test_a_host_is_allowed_for_a_profile_and_hostile_ones_are_not(owner: Visit):
    path = "/apps/invoice2go/profiles/invoice2go/hosts"
    answer = owner.post(path, host="nas.local", next="/connections/new?app=invoice2go")
    assert answer.headers["location"] == "/connections/new?app=invoice2go"
    for host in ("", "a b", "x" * 300, "a/b"):
        assert owner.post(path, host=host).status_code == 409
    assert owner.post(path, host="nas.local", next="//evil.example").headers["location"] == "/"


def test_what_is_not_there_is_not_found(owner: Visit):
    assert owner.get("/apps/nothing").status_code == 404
    assert owner.post("/apps/gmail/profiles/nothing").status_code == 404
