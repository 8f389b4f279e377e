"""Forms that somebody sends whose sign-in has ended, over real HTTP, as a browser without scripts sends them."""

from collections.abc import Iterator

import pytest

from tests.web.browser.house import House, house
from tests.web.visitors import visitor


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("signed-out")) as made:
        yield made


@pytest.mark.parametrize(
    ("before", "leads_to"),
    [
        ("{here}/settings?x=1", "/sign-in?next=%2Fsettings%3Fx%3D1&why=lost"),
        ("https://evil.example/settings", "/sign-in?why=lost"),
        ("{here}//evil.example", "/sign-in?why=lost"),
        ("nonsense", "/sign-in?why=lost"),
    ],
    ids=["a page of ours", "another site", "a path that leads to another site", "no address"],
)
def test_a_form_sent_signed_out_leads_to_the_sign_in_and_back_to_its_page(there: House, before: str, leads_to: str):
    stranger = visitor(there)
    stranger.client.headers["referer"] = before.format(here=there.url)
    assert stranger.post("/settings/profile", name="Ada").headers["location"] == leads_to


@pytest.mark.parametrize(
    ("path", "language", "said"),
    [
        ("/sign-in?why=lost", "en", "nothing was done"),
        ("/sign-in?why=lost", "de", "nichts ausgeführt"),
        ("/sign-in?why=again", "en", "what you typed there is kept"),
        ("/sign-in?next=%2Fhistory", "de", "öffnet sich die Seite, zu der Sie wollten"),
    ],
)
def test_the_sign_in_says_why_it_is_asked_for_also_after_a_wrong_password(
    there: House, path: str, language: str, said: str
):
    stranger = visitor(there)
    stranger.client.headers["accept-language"] = language
    stranger.get(path)
    assert said in stranger.said
    named = {name: stranger.value(name) for name in ("next", "why")}
    assert stranger.post("/sign-in", email="olga@zapwerk.example", password="wrong", **named).status_code == 422
    assert said in stranger.said


def test_who_just_comes_is_told_nothing(there: House):
    stranger = visitor(there)
    stranger.get("/sign-in?why=%3Cb%3E")
    assert "After signing in" not in stranger.said
    assert "signed out" not in stranger.said


def test_a_page_can_ask_who_is_signed_in_now(there: House):
    stranger = visitor(there)
    assert stranger.get("/session").json() == {"person": "", "csrf": ""}
    stranger.client.cookies.set("zapwerk", next(iter(there.tokens.values())))
    told = stranger.get("/session")
    assert told.json()["csrf"] == stranger.csrf
    assert told.json()["person"] != ""
    assert told.headers["cache-control"] == "no-store"
