"""“Also for the 3 that failed”: a mapping fails, is mended and published, and exactly those runs are replayed."""

import re
from collections.abc import Iterator

import pytest

from engine.people.roles import Role
from tests.waiting import wait_until
from tests.web.corner import Corner, Guest, corner

TWO_PARCELS = """
zapwerk: 1
name: {name}
trigger: {{use: shop.new_order, connection: shop}}
steps:
  - key: only
    filter: {{all: [{{value: "{{{{ trigger.who }}}}", is: is_not, to: Spam}}]}}
  - key: first
    use: shop.send_parcel
    connection: shop
    with: {{to: "{{{{ trigger.who }}}}"}}
  - key: second
    use: shop.send_parcel
    connection: shop
    title: Gift
    with: {{to: "Gift-for-{{{{ trigger.who }}}}", weight: "{{{{ trigger.who }}}}"}}
"""
ORDERS = ("Ada", "Bob", "Eve")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corner]:
    with corner(tmp_path_factory.mktemp("corner")) as made:
        yield made


@pytest.fixture(scope="module")
def editor(shop: Corner) -> Guest:
    return shop.visit()


def publish(guest: Guest, shop: Corner, zap: str) -> str:
    """Where it leads."""
    guest.post(f"/zaps/{zap}/publish", do="on", revision=str(shop.revision(zap)))
    assert guest.page.status_code == 303, guest.said
    return str(guest.page.headers["location"])


def states(shop: Corner, zap: str) -> list[str]:
    return [one["state"] for one in shop.installation.json("runs", "list", "--zap", zap)]


@pytest.fixture(scope="module")
def mended(shop: Corner, editor: Guest) -> str:
    """A zap of which three runs failed at the second parcel, and whose mapping was mended and published since."""
    zap = shop.draft("Gifts", TWO_PARCELS)
    assert publish(editor, shop, zap) == f"/zaps/{zap}"
    shop.installation.order("Spam", *ORDERS)
    wait_until(lambda: sorted(states(shop, zap)) == ["failed"] * 3 + ["filtered"], 20, what="the runs to fail")
    shop.change(zap, "weight", "2", step="second")
    assert publish(editor, shop, zap) == f"/zaps/{zap}/failed"
    return zap


def test_publishing_leads_to_what_each_would_do_now_and_creates_nothing(shop: Corner, editor: Guest, mended: str):
    editor.get(f"/zaps/{mended}/failed")
    assert "Also for the 3 that failed" in editor.said
    assert "3 runs failed at “Gift” since" in editor.said
    editor.post(f"/zaps/{mended}/failed/preview")
    wait_until(lambda: 'data-running=""' in editor.get(f"/zaps/{mended}/failed").text, 20, what="the preview to end")
    assert "3 records: 3 would send parcel" in editor.said
    assert "Rehearsed with version 2" in editor.said
    for name in ORDERS:
        assert f"Gift-for-{name}" in editor.said
    assert sorted(shop.installation.parcels()) == list(ORDERS)
    editor.get(f"/zaps/{mended}/rehearsal")
    assert "Gift-for" not in editor.said


def test_the_history_of_the_zap_and_a_run_of_it_offer_the_same(shop: Corner, editor: Guest, mended: str):
    editor.get(f"/history?zap={mended}")
    assert "3 runs failed before version 2 was published. See what they would do now" in editor.said
    run = next(one["id"] for one in shop.installation.json("runs", "list") if one["state"] == "failed")
    editor.get(f"/history/{run}")
    assert f'href="/zaps/{mended}/failed?step=second"' in editor.page.text
    viewer = shop.visit(Role.VIEWER)
    viewer.get(f"/history?zap={mended}")
    assert "See what they would do now" not in viewer.said
    assert viewer.get(f"/zaps/{mended}/failed").status_code == 403
    german = shop.visit(language="de")
    german.get(f"/zaps/{mended}/failed")
    assert "Auch für die 3 fehlgeschlagenen" in german.said


def test_exactly_those_are_replayed_in_order_and_nothing_that_was_done_is_done_again(
    shop: Corner, editor: Guest, mended: str
):
    editor.get(f"/zaps/{mended}/failed")
    chosen = re.findall(r'name="runs" value="([^"]*)"', editor.page.text)[0]
    editor.post(f"/zaps/{mended}/failed", runs=chosen)
    assert editor.page.headers["location"] == f"/history?zap={mended}"
    editor.post(f"/zaps/{mended}/failed", runs=chosen)
    wait_until(lambda: states(shop, mended).count("succeeded") == 3, 20, what="the runs to succeed")
    parcels = shop.installation.parcels()
    assert sorted(parcels) == sorted([*ORDERS, *(f"Gift-for-{name}" for name in ORDERS)])
    assert sorted(states(shop, mended)) == ["failed"] * 3 + ["filtered"] + ["succeeded"] * 3
    new = [one for one in shop.installation.json("runs", "list", "--zap", mended) if one["state"] == "succeeded"]
    old = [shop.installation.json("runs", "show", one["id"])["replay_of"] for one in new]
    assert sorted(old) == [run for _, run in sorted(zip([one["id"] for one in new], old, strict=True))]
    editor.get(f"/zaps/{mended}/failed")
    assert "Nothing is left to replay" in editor.said
