"""Testing the steps of a draft, from the editor's panel."""

import re
from collections.abc import Iterator

import pytest

from engine.people.roles import Role
from tests.web.corner import Corner, Guest, corner

HOSTILE = "<script>alert(1)</script>{{ trigger }}\u202e"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corner]:
    with corner(tmp_path_factory.mktemp("corner")) as made:
        made.installation.order("Ada", "Bob", "Cleo", "Dora", HOSTILE)
        yield made


@pytest.fixture(scope="module")
def editor(shop: Corner) -> Guest:
    return shop.visit()


def choose(editor: Guest, zap: str, label: str) -> None:
    """Makes the record with this label the sample."""
    for more in range(3):
        page = editor.get(f"/zaps/{zap}/try/records?more={more}").text
        found = re.search(rf'value="([^"]+)"(?:(?!record-card).)*?<bdi>{label}</bdi>', page, re.DOTALL)
        if found:
            editor.post(f"/zaps/{zap}/try/sample", record=found.group(1))
            return
    raise AssertionError(f"there is no record {label}")


def test_a_trigger_asks_its_app_only_when_the_button_is_pressed(shop: Corner, editor: Guest):
    zap = shop.draft("Quiet")
    editor.get(f"/zaps/{zap}/try?step=trigger")
    assert "Test trigger" in editor.said
    assert "Nothing here starts a run." in editor.said
    assert "Dora" not in editor.said


def test_three_records_come_at_a_time_the_newest_first(shop: Corner, editor: Guest):
    zap = shop.draft("Three")
    editor.get(f"/zaps/{zap}/try/records")
    assert editor.page.text.count('type="radio"') == 3
    assert editor.said.index("Dora") < editor.said.index("Cleo")
    editor.get(f"/zaps/{zap}/try/records?more=1")
    assert editor.page.text.count('type="radio"') == 5
    assert "Load more" not in editor.said


def test_a_record_that_holds_markup_and_templates_stays_text(shop: Corner, editor: Guest):
    zap = shop.draft("Hostile")
    editor.get(f"/zaps/{zap}/try/records")
    assert "<script>alert" not in editor.page.text
    assert "{{ trigger }}" in editor.said


def test_the_chosen_record_becomes_the_sample_and_the_editor_hears_of_it(shop: Corner, editor: Guest):
    zap = shop.draft("Chosen")
    choose(editor, zap, "Cleo")
    assert editor.page.headers["hx-trigger"] == '{"editor:refresh": {}}'
    assert "Sample chosen" in editor.said
    editor.get(f"/zaps/{zap}/try?step=parcel")
    assert "To Cleo" in editor.said


def test_a_record_can_be_chosen_long_after_it_was_shown(shop: Corner, editor: Guest):
    zap = shop.draft("Later")
    page = editor.get(f"/zaps/{zap}/try/records").text
    record = re.findall(r'name="record" value="([^"]+)"', page)[1]
    shop.change(zap, "weight", "2")
    editor.post(f"/zaps/{zap}/try/sample", record=record)
    assert "Sample chosen" in editor.said


def test_a_record_that_is_gone_is_refused_with_a_sentence(shop: Corner, editor: Guest):
    zap = shop.draft("Gone")
    editor.post(f"/zaps/{zap}/try/sample", record="no such record")
    assert editor.page.status_code == 409
    assert "is not among the last ones any more" in editor.said


def test_a_step_says_which_earlier_step_has_no_sample_yet(shop: Corner, editor: Guest):
    zap = shop.draft("Waits")
    editor.get(f"/zaps/{zap}/try?step=parcel")
    assert "It uses data of earlier steps that have no sample yet:" in editor.said
    assert f'href="/zaps/{zap}?step=trigger" data-step="trigger"' in editor.page.text
    assert "Test: send a parcel" not in editor.said


def test_a_test_says_what_it_will_do_and_does_it_once_when_told(shop: Corner, editor: Guest):
    zap = shop.draft("Once")
    choose(editor, zap, "Bob")
    before = shop.installation.parcels()
    editor.get(f"/zaps/{zap}/try?step=parcel")
    assert "This really happens in Shop (account shop): send parcel." in editor.said
    assert shop.installation.parcels() == before
    editor.post(f"/zaps/{zap}/try", step="parcel")
    assert "Done. It was done in Shop." in editor.said
    assert "What came back" in editor.said
    assert shop.installation.parcels() == [*before, "Bob"]
    assert "zap.tested" in shop.audited(zap)


def test_a_filter_is_tested_without_any_consequence(shop: Corner, editor: Guest):
    zap = shop.draft("Sieve")
    choose(editor, zap, "Ada")
    editor.post(f"/zaps/{zap}/try", step="only")
    assert "The filter lets this record pass." in editor.said


def test_a_skipped_test_leaves_made_up_data_for_later_steps(shop: Corner, editor: Guest):
    zap = shop.draft("Skipped")
    choose(editor, zap, "Ada")
    before = shop.installation.parcels()
    editor.post(f"/zaps/{zap}/try/made-up", step="parcel")
    assert "The test was skipped." in editor.said
    assert shop.installation.parcels() == before


def test_an_unknown_outcome_says_to_look_at_the_app_first(shop: Corner, editor: Guest):
    zap = shop.draft("Unclear")
    shop.change(zap, "to", "Mystery")
    editor.post(f"/zaps/{zap}/try", step="parcel")
    assert "Please check." in editor.said
    assert "It may have gone through; please look at Shop before you test again." in editor.said
    assert "Look there first." in editor.said


def test_a_refusal_is_told_with_what_the_app_said(shop: Corner, editor: Guest):
    zap = shop.draft("Refused")
    shop.change(zap, "to", "Nobody")
    editor.post(f"/zaps/{zap}/try", step="parcel")
    assert "It did not work." in editor.said
    assert "Nobody lives there." in editor.said


def test_a_failed_test_is_still_explained_when_the_page_is_loaded_again_and_looks_like_no_sample(
    shop: Corner, editor: Guest
):
    zap = shop.draft("Failed")
    shop.change(zap, "to", "Mystery")
    editor.post(f"/zaps/{zap}/try", step="parcel")
    editor.get(f"/zaps/{zap}/try?step=parcel")
    assert "Please check." in editor.said
    assert "Look there first." in editor.said
    assert "Tested" not in editor.said
    assert "Tested" not in (editor.get(f"/zaps/{zap}?step=parcel"), editor.said)[1]
    assert "Mystery" in editor.page.text
    with shop.runtime() as runtime:
        assert runtime.editing.samples.of(zap) == {}


def test_a_failure_is_gone_when_the_step_was_changed_or_tested_with_success(shop: Corner, editor: Guest):
    zap = shop.draft("Mended")
    shop.change(zap, "to", "Nobody")
    editor.post(f"/zaps/{zap}/try", step="parcel")
    shop.change(zap, "to", "Ada")
    editor.get(f"/zaps/{zap}/try?step=parcel")
    assert "It did not work" not in editor.said
    editor.post(f"/zaps/{zap}/try", step="parcel")
    shop.change(zap, "to", "Nobody")
    editor.get(f"/zaps/{zap}/try?step=parcel")
    assert "It did not work" not in editor.said


def test_a_value_that_does_not_fit_leads_to_its_field(shop: Corner, editor: Guest):
    zap = shop.draft("Misfit")
    choose(editor, zap, "Ada")
    shop.change(zap, "weight", "{{ trigger.who }}")
    editor.post(f"/zaps/{zap}/try", step="parcel")
    assert "“Ada” is not a number" in editor.said
    assert f'href="/zaps/{zap}?step=parcel&amp;field=weight" data-step="parcel" data-field="weight"' in editor.page.text


def test_a_viewer_sees_the_test_and_cannot_make_it(shop: Corner):
    zap = shop.draft("Watched")
    viewer = shop.visit(Role.VIEWER)
    viewer.get(f"/zaps/{zap}/try?step=trigger")
    assert viewer.page.status_code == 200
    assert "Test trigger" not in viewer.said
    viewer.post(f"/zaps/{zap}/try", step="parcel")
    assert viewer.page.status_code == 403


def test_tests_are_told_in_german(shop: Corner):
    zap = shop.draft("Deutsch")
    german = shop.visit(language="de")
    choose(german, zap, "Ada")
    german.get(f"/zaps/{zap}/try?step=parcel")
    assert "Das geschieht wirklich in Shop (Konto shop)" in german.said


def test_a_step_that_does_not_exist_is_not_found(shop: Corner, editor: Guest):
    zap = shop.draft("Lonely")
    assert editor.get(f"/zaps/{zap}/try?step=nowhere").status_code == 404
    assert editor.post(f"/zaps/{zap}/try", step="nowhere").status_code == 404
    assert editor.get("/zaps/none/try?step=trigger").status_code == 404
