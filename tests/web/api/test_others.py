"""Connections, apps, people and the house by the API."""

from typing import Any

import pytest

from engine.people.roles import Role
from tests.web.api.desk import Desk
from tests.web.installation import PASSWORD


@pytest.fixture(scope="module")
def second(desk: Desk) -> str:
    """Another connection to the shop."""
    values = {"folder": str(desk.installation.shop), "password": PASSWORD}
    return str(desk.editor.post("/connections", app="shop", name="Second", values=values)["id"])


def test_an_account_is_connected_by_its_values_which_never_come_back(desk: Desk, second: str):
    answer = desk.viewer.ask("GET", f"/connections/{second}")
    assert PASSWORD not in answer.text
    assert (answer.json()["app"], answer.json()["state"], answer.json()["zaps"]) == ("shop", "active", [])
    assert second in [one["id"] for one in desk.viewer.get("/connections", app="shop")["items"]]
    assert [len(page) for page in desk.viewer.every("/connections", limit=1)] == [1, 1]


def test_what_the_app_refuses_is_said_at_its_field(desk: Desk):
    values = {"folder": str(desk.installation.shop), "password": "wrong"}
    sent = {"app": "shop", "name": "Wrong", "values": values}
    answer = desk.editor.ask("POST", "/connections", json=sent)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "password")
    assert "wrong" not in answer.json()["errors"][0]["message"].replace("is wrong", "")
    unknown = desk.editor.ask("POST", "/connections", json={**sent, "values": {"door": "left"}})
    assert unknown.json()["errors"][0]["field"] == "door"
    assert desk.editor.ask("POST", "/connections", json={**sent, "app": "nothing"}).status_code == 404
    assert desk.editor.ask("POST", "/connections", json={**sent, "auth": "nothing"}).status_code == 404


def test_a_connection_is_renamed_checked_reconnected_and_removed(desk: Desk, second: str):
    assert desk.editor.patch(f"/connections/{second}", name="Renamed")["name"] == "Renamed"
    assert desk.editor.ask("PATCH", f"/connections/{second}", json={"name": "shop"}).status_code == 422
    assert desk.editor.post(f"/connections/{second}/check")["state"] == "active"
    assert desk.editor.post(f"/connections/{second}/reconnect", values={"password": PASSWORD})["name"] == "Renamed"
    zap = desk.draft("Using it")
    draft = desk.viewer.get(f"/zaps/{zap}/draft")
    trigger = {"use": "shop.new_order", "connection": second}
    desk.editor.put(f"/zaps/{zap}/draft", revision=draft["revision"], zap={**draft["zap"], "trigger": trigger})
    assert desk.editor.delete(f"/connections/{second}") == {"zaps": [{"id": zap, "name": "Using it"}]}
    assert desk.viewer.ask("GET", f"/connections/{second}").status_code == 404


def test_where_one_signs_in_at_the_app_the_address_is_told(desk: Desk):
    found = desk.editor.post("/connections/sign-in", app="gmail", name="Office")["address"]
    assert found.startswith(f"{desk.house.url}/connections/new?app=gmail&auth=")
    assert desk.editor.ask("POST", "/connections/sign-in", json={"app": "shop"}).status_code == 409
    assert desk.editor.ask("POST", f"/connections/{desk.shop}/sign-in").status_code == 409
    wanted = {"app": "gmail", "name": "x", "values": {}, "auth": "oauth2"}
    assert desk.editor.ask("POST", "/connections", json=wanted).status_code == 409


def test_an_app_says_what_it_takes_and_gives_as_json_schema(desk: Desk):
    app = desk.viewer.get("/apps/shop")
    operations = {one["use"]: one for one in app["operations"]}
    parcel = operations["shop.send_parcel"]
    assert (parcel["kind"], parcel["inputs"]["required"]) == ("action", ["to"])
    assert set(parcel["outputs"]["properties"]) == {"id", "to"}
    assert operations["shop.new_order"]["kind"] == "polling"
    assert app["sign_ins"][0]["values"]["required"] == ["folder", "password"]
    assert [one["name"] for one in app["profiles"]] == ["default", "other"]
    kiosk = {one["use"]: one for one in desk.viewer.get("/apps/kiosk")["operations"]}
    assert (kiosk["kiosk.order"]["choices"], kiosk["kiosk.paid"]["kind"]) == (["shelf"], "webhook")


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_app_can_be_shown(desk: Desk, language: str):
    pages = desk.viewer.every("/apps", limit=3)
    keys = [one["key"] for page in pages for one in page]
    assert keys == sorted(keys)
    headers = {"accept-language": language}
    shown = [desk.viewer.ask("GET", f"/apps/{key}", headers=headers).status_code for key in keys]
    assert set(shown) == {200}


def test_a_profile_is_filled_in_and_its_secrets_stay(desk: Desk):
    filled = desk.owner.put("/apps/shop/profiles/other", values={"greeting": "Servus", "pin": "1234", "size": 3})
    assert (filled["values"]["greeting"], filled["values"]["size"]) == ("Servus", 3)
    assert filled["secrets_set"] == ["pin"]
    every = desk.owner.ask("GET", "/apps/shop/profiles")
    assert "1234" not in every.text
    assert len(every.json()["items"]) == 2
    assert desk.owner.get("/apps/shop/profiles/other")["secrets_set"] == ["pin"]
    wrong = desk.owner.ask("PUT", "/apps/shop/profiles/other", json={"values": {"size": 0}})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "size")
    hosts = desk.owner.post("/apps/shop/profiles/other/hosts", host="NAS.local.")["allowed_hosts"]
    assert "nas.local" in hosts
    assert desk.owner.ask("POST", "/apps/shop/profiles/other/hosts", json={"host": "a b"}).status_code == 422


def test_people_are_invited_given_roles_and_removed(desk: Desk):
    made = desk.owner.post("/invitations", role="viewer", name="Ina", email="ina@zapwerk.example")
    assert made["url"].startswith(f"{desk.house.url}/join/")
    waiting = desk.owner.get("/invitations")["items"]
    assert (waiting[0]["name"], waiting[0]["email"]) == ("Ina", "ina@zapwerk.example")
    assert "token" not in waiting[0]
    desk.owner.delete(f"/invitations/{made['id']}")
    assert desk.owner.get("/invitations")["items"] == []
    with desk.runtime() as runtime:
        accounts = runtime.people.accounts
        invited = accounts.invite(Role.VIEWER, by=None)
        accounts.accept(invited.token, "Nora", "nora@zapwerk.example", "a calm sea at nine")
    nora = next(one for one in desk.owner.get("/people")["items"] if one["name"] == "Nora")
    assert desk.owner.patch(f"/people/{nora['id']}", role="editor")["role"] == "editor"
    assert desk.owner.get(f"/people/{nora['id']}")["role"] == "editor"
    assert "/password/" in desk.owner.post(f"/people/{nora['id']}/password-link")["url"]
    desk.owner.delete(f"/people/{nora['id']}")
    assert desk.owner.ask("GET", f"/people/{nora['id']}").status_code == 404


def test_the_last_owner_stays(desk: Desk):
    me = desk.owner.get("/me")["id"]
    assert desk.owner.ask("DELETE", f"/people/{me}").status_code == 409
    assert desk.owner.ask("PATCH", f"/people/{me}", json={"role": "viewer"}).status_code == 409


def test_a_program_makes_and_revokes_tokens_of_no_higher_role_than_its_own(desk: Desk):
    me = desk.editor.get("/me")
    assert (me["role"], me["email"]) == ("editor", "emil@zapwerk.example")
    made = desk.editor.post("/tokens", name="Report", role="viewer", days=1)
    assert made["secret"].startswith("zw_")
    listed = desk.editor.get("/tokens")["items"]
    assert made["id"] in [one["id"] for one in listed]
    assert all("secret" not in one for one in listed)
    assert desk.viewer.ask("DELETE", f"/tokens/{made['id']}").status_code == 403
    assert desk.editor.delete(f"/tokens/{made['id']}") is None
    assert desk.editor.ask("POST", "/tokens", json={"name": "x", "role": "owner"}).status_code == 422


def test_a_token_makes_none_that_lives_longer_and_no_link_for_the_password_of_whose_it_is(desk: Desk):
    short = desk.owner.post("/tokens", name="Short", role="owner", days=1)
    headers = {"authorization": f"Bearer {short['secret']}"}
    for days in (None, 30):
        asked = {"name": "Long", "role": "owner", "days": days}
        made = desk.viewer.ask("POST", "/tokens", json=asked, headers=headers)
        assert (made.status_code, made.json()["expires_at"]) == (201, short["expires_at"])
    me = desk.owner.get("/me")["id"]
    refused = desk.viewer.ask("POST", f"/people/{me}/password-link", headers=headers)
    assert (refused.status_code, refused.headers["content-type"]) == (409, "application/problem+json")


def test_an_owners_token_of_a_lower_role_cannot_be_made_into_more(desk: Desk):
    low = desk.owner.post("/tokens", name="Low", role="viewer", days=None)
    headers = {"authorization": f"Bearer {low['secret']}"}
    answer = desk.viewer.ask("POST", "/tokens", json={"name": "High", "role": "owner"}, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "role")
    assert desk.viewer.ask("GET", "/people", headers=headers).status_code == 403
    others = desk.owner.get("/tokens")["items"][0]["id"]
    mine = {one["id"] for one in desk.viewer.ask("GET", "/tokens", headers=headers).json()["items"]}
    foreign = next(one["id"] for one in desk.owner.get("/tokens")["items"] if one["id"] not in mine)
    assert others
    assert desk.viewer.ask("DELETE", f"/tokens/{foreign}", headers=headers).status_code == 403


def test_the_profile_is_changed_and_sign_ins_are_ended(desk: Desk):
    assert desk.viewer.patch("/me", name="Vera V.", timezone="Europe/Berlin")["name"] == "Vera V."
    answer = desk.viewer.ask("PATCH", "/me", json={"timezone": "Mars"}, headers={"accept-language": "de"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "timezone")
    [sign_in] = desk.viewer.get("/sign-ins")["items"]
    assert desk.viewer.delete(f"/sign-ins/{sign_in['id']}") is None
    assert desk.viewer.ask("DELETE", f"/sign-ins/{sign_in['id']}").status_code == 404


def test_the_house_says_whether_zaps_run_and_what_to_know(desk: Desk):
    health: dict[str, Any] = desk.viewer.get("/health")
    assert (health["ready"], health["reasons"]) == (True, [])
    assert desk.viewer.get("/notices", limit=1)["more"] is False
    assert desk.viewer.ask("GET", "/audit").status_code == 403
