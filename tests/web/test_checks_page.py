"""The checks of a zap on their page."""

import re
from collections.abc import Iterator

import pytest

from tests.waiting import wait_until
from tests.web.corner import Corner, Guest, corner


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corner]:
    with corner(tmp_path_factory.mktemp("corner")) as made:
        yield made


@pytest.fixture(scope="module")
def guest(shop: Corner) -> Guest:
    return shop.visit()


def test_a_zap_that_was_never_switched_on_says_so(shop: Corner, guest: Guest):
    guest.get(f"/zaps/{shop.draft('New')}/checks")
    assert "This zap was never switched on" in guest.said


def test_what_does_not_exist_is_not_found(guest: Guest):
    assert guest.get("/zaps/nothing/checks").status_code == 404


def test_checks_in_a_row_are_lines_with_their_count(shop: Corner, guest: Guest):
    zap = shop.draft("Busy")
    guest.post(f"/zaps/{zap}/publish", do="on", revision=str(shop.revision(zap)))
    assert guest.page.status_code == 303, guest.said
    wait_until(lambda: "Nothing new" in guest.get(f"/zaps/{zap}/checks").text, what="the first check")
    assert "Checked as planned" in guest.said
    assert re.search(r"Nothing new \d+ checks? ", guest.said), guest.said
    assert "Hour Checks Failed New events" in guest.said
    german = shop.visit(language="de")
    german.get(f"/zaps/{zap}/checks")
    assert "Wird wie geplant geprüft" in german.said
    guest.get(f"/zaps/{zap}")
    assert f"/zaps/{zap}/checks" in guest.page.text
