"""Publishing and switching on, on the page that says before what will happen."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.people.roles import Role
from tests.waiting import wait_until
from tests.web.corner import PARCELS, Corner, Guest, corner

UNTITLED = "Untitled zap"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corner]:
    with corner(tmp_path_factory.mktemp("corner")) as made:
        made.installation.order("Early", "Old")
        yield made


@pytest.fixture(scope="module")
def editor(shop: Corner) -> Guest:
    return shop.visit()


def publish(guest: Guest, shop: Corner, zap: str, do: str = "on", **more: object) -> None:
    guest.post(f"/zaps/{zap}/publish", do=do, revision=str(shop.revision(zap)), **more)


def switched_on(guest: Guest, shop: Corner, name: str) -> str:
    zap = shop.draft(name)
    publish(guest, shop, zap)
    assert guest.page.status_code == 303, guest.said
    return zap


def toast(guest: Guest) -> str:
    return str(guest.page.headers.get("set-cookie", "")).replace("%20", " ")


def test_the_page_says_in_plain_words_what_will_happen(shop: Corner, editor: Guest):
    zap = shop.draft("Plain")
    editor.get(f"/zaps/{zap}/publish")
    assert "When new order · shop Only if one condition holds Then send parcel (Shop) · shop" in editor.said
    assert "It checks every second." in editor.said
    assert "What is there already is ignored. Only what comes from now on starts it." in editor.said
    assert shop.zap(zap)["state"] == "draft"


def test_switching_on_publishes_and_says_so(shop: Corner, editor: Guest):
    zap = switched_on(editor, shop, "Begun")
    assert shop.zap(zap)["state"] == "on"
    assert editor.page.headers["location"] == f"/zaps/{zap}"
    assert "Version 1 is on. It checks every second." in toast(editor)
    assert {"zap.published", "zap.switched_on"} <= set(shop.audited(zap))


def test_what_is_to_be_mended_is_listed_with_the_way_there(shop: Corner, editor: Guest):
    zap = shop.draft("Broken")
    shop.change(zap, "weight", "heavy")
    editor.get(f"/zaps/{zap}/publish")
    assert "One thing is to be mended before this zap can be switched on." in editor.said
    assert f'href="/zaps/{zap}?step=parcel&amp;field=weight"' in editor.page.text
    publish(editor, shop, zap)
    assert editor.page.status_code == 422
    assert shop.zap(zap)["state"] == "draft"


def test_a_draft_that_changed_meanwhile_is_looked_at_again_first(shop: Corner, editor: Guest):
    zap = shop.draft("Meanwhile")
    seen = str(shop.revision(zap))
    shop.change(zap, "weight", "2")
    editor.post(f"/zaps/{zap}/publish", do="on", revision=seen)
    assert editor.page.status_code == 409
    assert "The draft was changed meanwhile." in editor.said
    assert shop.zap(zap)["state"] == "draft"


def test_of_what_exists_exactly_what_was_ticked_fires(shop: Corner, editor: Guest):
    zap = shop.draft("Ticked")
    records = editor.get(f"/zaps/{zap}/publish/records")
    assert "checked" not in records.text
    old = re.findall(r'value="([^"]+)">\s*<span[^>]*>\s*<span[^>]*><bdi>Old', records.text)[0]
    before = len(shop.installation.parcels())
    publish(editor, shop, zap, also=[old])
    assert "One record was handed over." in toast(editor)
    wait_until(lambda: len(shop.installation.parcels()) > before, 20, what="the parcel")
    assert shop.installation.parcels()[before:] == ["Old"]


def test_a_ticked_record_that_is_gone_is_refused_and_the_other_ticks_stay(shop: Corner, editor: Guest):
    zap = shop.draft("Half gone")
    records = editor.get(f"/zaps/{zap}/publish/records")
    there = re.findall(r'name="also" value="([^"]+)"', records.text)[0]
    publish(editor, shop, zap, also=[there, "gone"])
    assert editor.page.status_code == 409
    assert "is not among the last ones any more" in editor.said
    assert f'value="{there}" checked' in editor.page.text
    assert shop.zap(zap)["state"] == "draft"


def test_an_untitled_zap_is_named_on_the_way(shop: Corner, editor: Guest):
    zap = shop.draft(f"{UNTITLED} 7")
    editor.get(f"/zaps/{zap}/publish")
    assert 'value="Shop: Send parcel"' in editor.page.text
    switched_on(editor, shop, "Taken")
    publish(editor, shop, zap, name="Taken")
    assert editor.page.status_code == 422
    assert 'value="Taken"' in editor.page.text
    assert 'aria-invalid="true"' in editor.page.text
    publish(editor, shop, zap, name="")
    assert editor.page.status_code == 422
    publish(editor, shop, zap, name="<i>Mine</i>")
    assert editor.page.status_code == 303
    assert shop.zap(zap)["name"] == "<i>Mine</i>"


def test_changes_of_a_zap_that_is_on_are_shown_against_the_live_version(shop: Corner, editor: Guest):
    zap = switched_on(editor, shop, "Changed")
    shop.change(zap, "to", "Uncle {{ trigger.who }}")
    editor.get(f"/zaps/{zap}/publish")
    assert "What differs from live version 1" in editor.said
    assert "Before: Who After: Uncle Who" in editor.said
    assert "It goes on from where it stands" in editor.said
    publish(editor, shop, zap, do="publish")
    assert shop.zap(zap)["state"] == "on"
    editor.get(f"/zaps/{zap}/publish")
    assert "Version 2 is live and on, and the draft is the same." in editor.said


def test_a_zap_that_is_off_can_be_published_and_stay_off(shop: Corner, editor: Guest):
    zap = switched_on(editor, shop, "Sleeping")
    shop.installation.run("zaps", "disable", "Sleeping")
    shop.change(zap, "weight", "3")
    editor.get(f"/zaps/{zap}/publish")
    assert "What arrived while it was off is ignored." in editor.said
    publish(editor, shop, zap, do="publish")
    assert "Version 2 is live. The zap is still off." in toast(editor)
    assert shop.zap(zap)["state"] == "off"
    assert "zap.switched_on" not in shop.audited(zap)[: shop.audited(zap).index("zap.switched_on")]


def test_a_trigger_that_cannot_be_asked_leaves_everything_as_it_was(shop: Corner, editor: Guest, tmp_path: Path):
    orders = shop.installation.shop / "orders"
    zap = shop.draft("Unreachable", PARCELS)
    with shop.runtime() as runtime:
        stored = runtime.editing.drafts.get(zap)
        runtime.editing.drafts.choose_connection(zap, "trigger", None, revision=stored.revision, by="")
    editor.get(f"/zaps/{zap}/publish")
    assert f'href="/zaps/{zap}?step=trigger&amp;field=connection"' in editor.page.text
    assert orders.is_dir()


def test_a_viewer_publishes_nothing(shop: Corner):
    zap = shop.draft("Guarded")
    viewer = shop.visit(Role.VIEWER)
    assert viewer.get(f"/zaps/{zap}/publish").status_code == 403
    viewer.post(f"/zaps/{zap}/publish", do="on", revision="1")
    assert viewer.page.status_code == 403


def test_the_page_reads_as_german(shop: Corner):
    german = shop.visit(language="de")
    german.get(f"/zaps/{shop.draft('Deutsch')}/publish")
    assert "Was schon da ist, bleibt unbeachtet." in german.said
    assert "Er prüft jede Sekunde." in german.said
