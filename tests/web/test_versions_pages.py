"""The versions of a zap on their pages."""

from collections.abc import Iterator

import pytest

from engine.people.roles import Role
from tests.web.corner import Corner, Guest, corner

HOSTILE = "<img src=x onerror=alert(1)> {{ trigger.who }}"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corner]:
    with corner(tmp_path_factory.mktemp("corner")) as made:
        yield made


@pytest.fixture(scope="module")
def editor(shop: Corner) -> Guest:
    return shop.visit()


def publish(guest: Guest, shop: Corner, zap: str) -> None:
    guest.post(f"/zaps/{zap}/publish", do="on", revision=str(shop.revision(zap)))
    assert guest.page.status_code == 303, guest.said


@pytest.fixture(scope="module")
def zap(shop: Corner, editor: Guest) -> str:
    """Published twice, and changed since."""
    made = shop.draft("Many")
    publish(editor, shop, made)
    shop.change(made, "to", HOSTILE)
    publish(editor, shop, made)
    shop.change(made, "weight", "4")
    return made


def test_the_list_says_who_published_what_and_what_is_live(zap: str, editor: Guest):
    editor.get(f"/zaps/{zap}/versions")
    assert "Draft Send parcel: Weight" in editor.said
    assert "Version 2 Live Send parcel: To Emil Editor" in editor.said
    assert "Version 1 the first one Emil Editor" in editor.said


def test_two_versions_are_compared_field_by_field(zap: str, editor: Guest):
    editor.get(f"/zaps/{zap}/versions/compare?a=2&b=1")
    assert "Version 1 and version 2" in editor.said
    assert "To Before: Who After: <img src=x onerror=alert(1)> Who" in editor.said
    assert "<img src=x" not in editor.page.text


def test_a_version_is_compared_with_the_draft(zap: str, editor: Guest):
    editor.get(f"/zaps/{zap}/versions/compare?a=2&b=draft")
    assert "Version 2 and the draft" in editor.said
    assert "Weight After: 4" in editor.said


@pytest.mark.parametrize("query", ["a=9&b=1", "a=1&b=nonsense", "a=-1&b=draft", "a=1&b=99999999999999999999"])
def test_versions_that_do_not_exist_are_not_found(zap: str, editor: Guest, query: str):
    assert editor.get(f"/zaps/{zap}/versions/compare?{query}").status_code == 404


def test_steps_that_came_went_and_moved_are_told(shop: Corner, editor: Guest):
    moved = shop.draft("Moved")
    publish(editor, shop, moved)
    with shop.runtime() as runtime:
        drafts = runtime.editing.drafts
        draft = drafts.duplicate_step(moved, "parcel", revision=drafts.get(moved).revision, by="")
        drafts.remove_step(moved, "only", revision=draft.revision, by="")
    editor.get(f"/zaps/{moved}/versions/compare?a=1&b=draft")
    assert "New step: Send parcel" in editor.said
    assert "Removed: Filter" in editor.said


def test_an_old_version_goes_into_the_draft_as_one_change_and_nothing_live_changes(shop: Corner, editor: Guest):
    old = shop.draft("Restored")
    publish(editor, shop, old)
    shop.change(old, "weight", "5")
    publish(editor, shop, old)
    editor.post(f"/zaps/{old}/versions/1/restore", revision=str(shop.revision(old)))
    assert editor.page.headers["location"] == f"/zaps/{old}"
    with shop.runtime() as runtime:
        draft = runtime.editing.drafts.get(old)
        assert "weight" not in draft.zap.steps[1].model_dump()["with_"]
        assert (draft.published, draft.can_undo) == (2, True)


def test_the_draft_can_be_discarded_and_a_stale_page_cannot_do_it(shop: Corner, editor: Guest):
    mine = shop.draft("Thrown away")
    publish(editor, shop, mine)
    seen = shop.revision(mine)
    shop.change(mine, "weight", "6")
    editor.post(f"/zaps/{mine}/versions/discard", revision=str(seen))
    assert editor.page.status_code == 409
    editor.post(f"/zaps/{mine}/versions/discard", revision=str(shop.revision(mine)))
    assert editor.page.status_code == 303
    editor.get(f"/zaps/{mine}/versions")
    assert "Discard" not in editor.said


def test_a_viewer_sees_versions_and_cannot_go_back(shop: Corner, zap: str):
    viewer = shop.visit(Role.VIEWER)
    viewer.get(f"/zaps/{zap}/versions")
    assert viewer.page.status_code == 200
    assert "Put into the draft" not in viewer.said
    assert viewer.post(f"/zaps/{zap}/versions/1/restore", revision="1").status_code == 403


def test_a_zap_that_was_never_published_has_no_versions_yet(shop: Corner, editor: Guest):
    editor.get(f"/zaps/{shop.draft('Fresh')}/versions")
    assert "This zap was never published." in editor.said


def test_versions_read_as_german(shop: Corner, zap: str):
    german = shop.visit(language="de")
    german.get(f"/zaps/{zap}/versions/compare?a=1&b=2")
    assert "Version 1 und Version 2" in german.said
    assert "Vorher: Who" in german.said


def test_another_run_mode_reads_as_words(shop: Corner, editor: Guest):
    zap = shop.draft("Modes")
    publish(editor, shop, zap)
    given = {"language": "en", "timezone": "UTC", "overlap": "skip", "revision": str(shop.revision(zap))}
    editor.post(f"/zaps/{zap}/settings", **given)
    editor.get(f"/zaps/{zap}/versions/compare?a=1&b=draft")
    assert "While a run goes on Before: what comes is run as well After: what comes is skipped" in editor.said
    assert "Pause it when nearly all runs fail Before: on After: off" in editor.said
    german = shop.visit(language="de")
    german.get(f"/zaps/{zap}/versions/compare?a=1&b=draft")
    assert "Vorher: wird ausgeführt, was ankommt Nachher: wird übersprungen, was ankommt" in german.said
