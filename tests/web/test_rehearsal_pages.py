"""Rehearsing a zap on its page."""

import re
from collections.abc import Iterator

import pytest

from engine.people.roles import Role
from tests.waiting import wait_until
from tests.web.corner import Corner, Guest, corner

ORDERS = ("Ada", "Spam", "Bob", "Ada", "<b>Eve</b>")
HEAVY = """
zapwerk: 1
name: {name}
trigger: {{use: shop.new_order, connection: shop}}
steps:
  - key: parcel
    use: shop.send_parcel
    connection: shop
    with: {{to: "{{{{ trigger.who }}}}", weight: "{{{{ trigger.who }}}}"}}
  - key: another
    use: shop.send_parcel
    connection: shop
    with: {{to: "{{{{ parcel.to }}}}"}}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corner]:
    with corner(tmp_path_factory.mktemp("corner")) as made:
        made.installation.order(*ORDERS)
        yield made


@pytest.fixture(scope="module")
def editor(shop: Corner) -> Guest:
    return shop.visit()


def rehearse(guest: Guest, zap: str, **how: str) -> None:
    """Until all rows are there."""
    guest.post(f"/zaps/{zap}/rehearsal", **how)
    assert guest.page.headers["location"] == f"/zaps/{zap}/rehearsal"

    def ended() -> bool:
        return 'data-running=""' in guest.get(f"/zaps/{zap}/rehearsal").text

    wait_until(ended, 20, what="the rehearsal to end")


def rehearsal_of(guest: Guest) -> str:
    return str(re.findall(r"/rehearsal/(\w+)/rows/1", guest.page.text)[0])


def test_a_rehearsal_is_summed_up_in_words_and_creates_nothing(shop: Corner, editor: Guest):
    zap = shop.draft("Summed")
    rehearse(editor, zap)
    assert "5 records: 4 would send parcel · 1 is filtered out" in editor.said
    assert "Nothing was created." in editor.said
    assert "Rehearsed with the draft" in editor.said
    assert shop.installation.parcels() == []
    assert shop.installation.json("runs", "list") == []
    assert "zap.rehearsed" in shop.audited(zap)


def test_a_row_opens_to_what_would_be_sent(shop: Corner, editor: Guest):
    zap = shop.draft("Opened")
    rehearse(editor, zap)
    editor.get(f"/zaps/{zap}/rehearsal/{rehearsal_of(editor)}/rows/3")
    assert "Send parcel Would be done To Bob" in editor.said


def test_equal_calls_are_pointed_out(shop: Corner, editor: Guest):
    rehearse(editor, shop.draft("Equal"))
    assert "the same as record 2" in editor.said


def test_what_counts_toward_a_plans_quota_is_said_without_claiming_how_full_it_is(shop: Corner, editor: Guest):
    rehearse(editor, shop.draft("Counted"))
    assert "At most 4 of them would count toward your plan’s quota at Shop, where the plan has one." in editor.said
    assert "How much of it is left, only Shop can say." in editor.said
    nothing = shop.draft("Uncounted", HEAVY)
    rehearse(editor, nothing)
    assert "quota" not in editor.said


def test_a_row_says_why_it_is_filtered_out(shop: Corner, editor: Guest):
    rehearse(editor, shop.draft("Why"))
    assert "Filtered out Who is “Spam”" in editor.said


def test_records_are_text_whatever_they_hold(shop: Corner, editor: Guest):
    rehearse(editor, shop.draft("Text"))
    assert "<b>Eve" not in editor.page.text
    assert "<b>Eve</b>" in editor.said


def test_problems_lead_to_their_field(shop: Corner, editor: Guest):
    zap = shop.draft("Heavy", HEAVY)
    rehearse(editor, zap)
    assert "5 records: 5 would fail" in editor.said
    assert f'href="/zaps/{zap}?step=parcel&amp;field=weight"' in editor.page.text
    assert "What would go wrong" in editor.said


def test_a_zap_that_cannot_run_yet_is_not_rehearsed_but_told_what_to_mend(shop: Corner, editor: Guest):
    zap = shop.draft("Unready")
    shop.change(zap, "to", "{{ nobody.knows }}")
    rehearse(editor, zap)
    assert "It could not be rehearsed" in editor.said
    assert f'href="/zaps/{zap}?step=parcel&amp;field=to"' in editor.page.text


def test_only_as_many_records_as_wanted_are_looked_at(shop: Corner, editor: Guest):
    zap = shop.draft("Few")
    assert editor.post(f"/zaps/{zap}/rehearsal", last="1000").status_code == 422
    rehearse(editor, zap, last="10")
    assert '<option value="10" selected>' in editor.page.text


def test_rows_come_from_where_the_page_stands(shop: Corner, editor: Guest):
    zap = shop.draft("Stream")
    rehearse(editor, zap)
    editor.get(f"/zaps/{zap}/rehearsal/{rehearsal_of(editor)}/rows?after=3")
    assert re.findall(r'id="row-(\d)"', editor.page.text) == ["4", "5"]
    assert 'hx-swap-oob="true"' in editor.page.text


def test_a_page_that_is_loaded_again_keeps_its_rehearsal_and_says_when_the_draft_changed(shop: Corner, editor: Guest):
    zap = shop.draft("Kept")
    rehearse(editor, zap)
    kept = rehearsal_of(editor)
    shop.change(zap, "weight", "1")
    editor.get(f"/zaps/{zap}/rehearsal")
    assert rehearsal_of(editor) == kept
    assert "The draft was changed after this rehearsal." in editor.said


def test_a_rehearsal_is_its_persons_own(shop: Corner, editor: Guest):
    zap = shop.draft("Own")
    rehearse(editor, zap)
    mine = rehearsal_of(editor)
    other = shop.visit(Role.OWNER)
    assert other.get(f"/zaps/{zap}/rehearsal/{mine}/rows").status_code == 404
    assert "The rehearsal begins" in (other.get(f"/zaps/{zap}/rehearsal"), other.said)[1]


def test_a_viewer_does_not_rehearse(shop: Corner):
    zap = shop.draft("Looked at")
    viewer = shop.visit(Role.VIEWER)
    assert viewer.get(f"/zaps/{zap}/rehearsal").status_code == 403
    assert viewer.post(f"/zaps/{zap}/rehearsal").status_code == 403


def test_a_rehearsal_reads_as_german(shop: Corner):
    german = shop.visit(language="de")
    rehearse(german, shop.draft("Probe"))
    assert "5 Datensätze: 4 würden send parcel · 1 ausgefiltert" in german.said
    assert "Es wurde nichts angelegt." in german.said
    assert "Höchstens 4 davon würden zum Kontingent Ihres Tarifs bei Shop zählen, falls er eines hat." in german.said
