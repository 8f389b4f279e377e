"""Whatever is typed into any form: what is wrong is refused in its place, in the person's language, and stays there.

Every form there is stands in one of two tables; one that nobody listed fails.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.web.forms.typing_house import PASSWORD, Answer, TypingHouse, empty_house, typing_house
from web.access import ACCESS
from web.api import ROOT

LANGUAGES = ("en", "de")
HUGE = "ä" + "x" * 1_000_000
HOSTILE = {
    "huge": HUGE,
    "long": HUGE[:250_000],
    "nul": "An\x00na",
    "turned": "\u202ea<script>alert(1)</script>{{ 7*7 }}{% raw %}",
    "markup": "a<script>alert(1)</script>{{ 7*7 }}{% raw %}\"'><img src=x>",
    "empty": "",
}
REFUSED = ("huge", "long", "nul")  # by every field
KEPT = 100  # characters of what is long that stand in the form again, at least


@dataclass(frozen=True)
class Form:
    """A form and how it is filled in besides.

    `typed` are the fields that people type into, `secret` those that are never given back. `whole`: told above the
    form, since it is not the field alone that is wrong. `takes` says what is taken that is refused elsewhere. `saves`:
    what can be used is saved, whatever is refused after that. `foreign`: an app says what is wrong, in its language.
    """

    path: str
    good: dict[str, str]
    typed: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()
    whole: bool = False
    takes: tuple[str, ...] = ()
    saves: bool = False
    foreign: bool = False
    house: str = "there"
    signed_in: bool = True
    second_factor: bool = False
    multipart: bool = False

    def kinds(self, name: str) -> tuple[str, ...]:
        """A secret may hold any signs. Of each form one field is huge, the others are long, which is quicker."""
        long = "huge" if name == (*self.typed, *self.secret)[0] else "long"
        return (long, "nul", "empty") if name in self.secret else (long, "nul", "turned", "markup", "empty")


NEWCOMER = {"name": "Ina", "email": "ina@zapwerk.example", "password": "short", "timezone": "UTC", "language": "xx"}
KEEPING = {"contents_days": "5", "runs_days": "10", "runs_most": "500"}
ZAP = {
    "language": "en",
    "timezone": "UTC",
    "country": "",
    "overlap": "parallel",
    "concurrency": "3",
    "flood_limit": "9",
    "folder": "",
    "revision": "{revision}",
}
MAIL = {"from": "own", "host": "localhost", "port": "1", "security": "none", "username": "us", "password": "x"}
AGAIN = {"given.folder": "{shop}", "given.password": "open sesame"}
SHOP = {"app": "shop", "name": "Second", **AGAIN}

SIGN_IN = {"email": "olga@zapwerk.example", "password": PASSWORD}
BACKUPS = {"on": "true", "hour": "3", "timezone": "UTC", "kept": "7"}
SENDER = {"sender": "us@zapwerk.example"}
ABOUT = ("name", "email", "timezone")
SECURITY = "/settings/security"

FORMS = {
    "POST /sign-in": Form("/sign-in", SIGN_IN, ("email",), ("password",), whole=True, signed_in=False),
    "POST /welcome/{token}": Form("/welcome/{set_up}", NEWCOMER, ABOUT, ("password",), house="empty", signed_in=False),
    "POST /join/{token}": Form("/join/{invitation}", NEWCOMER, ABOUT, ("password",), signed_in=False),
    "POST /password/{token}": Form("/password/{reset}", {}, (), ("password",), signed_in=False),
    "POST /settings/profile": Form("/settings/profile", {"name": "Olga", "timezone": "UTC"}, ("name", "timezone")),
    "POST /settings/email": Form("/settings/email", {"email": "o@zapwerk.example"}, ("email",), ("password",)),
    "POST /settings/password": Form("/settings/password", {"old": PASSWORD}, (), ("new", "old")),
    "POST /settings/security/second-factor": Form(f"{SECURITY}/second-factor", {"pending": "{pending}"}, (), ("code",)),
    "POST /settings/security/second-factor/off": Form(
        f"{SECURITY}/second-factor/off", {}, (), ("password",), second_factor=True
    ),
    "POST /settings/security/recovery": Form(f"{SECURITY}/recovery", {}, (), ("password",), second_factor=True),
    "POST /settings/tokens": Form("/settings/tokens", {"role": "viewer", "expires": "90"}, ("name",)),
    "POST /settings/notices/mail": Form(
        "/settings/notices/mail", {**MAIL, **SENDER}, ("sender", "host", "port", "username"), ("password",), saves=True
    ),
    "POST /settings/notices/hook": Form("/settings/notices/hook", {}, ("address",)),
    "POST /settings/people/invitations": Form("/settings/people/invitations", {"role": "viewer"}, ("name", "email")),
    "POST /settings/backups": Form("/settings/backups", BACKUPS, ("timezone", "kept")),
    "POST /settings/storage": Form(
        "/settings/storage", {**KEEPING, "deliveries_days": "5", "audit_days": "5"}, (*KEEPING, "audit_days")
    ),
    "POST /settings/erase/find": Form("/settings/erase/find", {}, ("text",)),
    "POST /settings/erase": Form("/settings/erase", {}, ("text",)),
    "POST /where": Form("/where", {}, ("q",), takes=REFUSED),  # a search looks for as much of it as it can
    "POST /zaps/many": Form("/zaps/many", {"doing": "move", "zap": "{zap_id}"}, ("folder",)),
    "POST /zaps/import": Form("/zaps/import", {}, ("text",), multipart=True),
    "POST /zaps/{zap_id}/settings": Form(
        "/zaps/{zap_id}/settings", ZAP, ("folder", "timezone", "concurrency", "flood_limit")
    ),
    "POST /zaps/{zap_id}/keeping": Form("/zaps/{zap_id}/keeping", KEEPING, tuple(KEEPING)),
    "POST /zaps/{zap_id}/preview": Form(
        "/zaps/{zap_id}/preview?step=parcel&field=to", {}, ("template",), takes=("nul",)
    ),
    "POST /zaps/{zap_id}/draft/{change}": Form(
        "/zaps/{zap_id}/draft/value", {"step": "parcel", "field": "to", "revision": "{revision}"}, ("given.to",)
    ),
    "POST /zaps/{zap_id}/publish": Form(
        "/zaps/{whole_id}/publish", {"do": "publish", "revision": "{whole_revision}"}, ("name",), saves=True
    ),
    "POST /connections/new": Form(
        "/connections/new", SHOP, ("name", "given.folder"), ("given.password",), foreign=True
    ),
    "POST /connections/{connection_id}/name": Form("/connections/{connection_id}/name", {}, ("name",)),
    "POST /connections/{connection_id}/reconnect": Form(
        "/connections/{connection_id}/reconnect", AGAIN, ("given.folder",), ("given.password",), foreign=True
    ),
    "POST /connections/{connection_id}/disconnect": Form("/connections/{another_id}/disconnect", {}, ("name",)),
    "POST /apps/{key}/profiles/{name}": Form(
        "/apps/shop/profiles/other",
        {"given-other.greeting": "Hi", "given-other.size": "1"},
        ("given-other.greeting", "given-other.size"),
        ("given-other.pin",),
    ),
}
BUTTONS = {
    f"POST {path}"
    for path in (
        "/history/ask",
        "/history/many",
        "/history/{run_id}/replay",
        "/history/{run_id}/release",
        "/history/{run_id}/cancel",
        "/history/{run_id}/pass",
        "/history/{run_id}/decide",
        "/sign-out",
        "/enter/{token}",
        "/settings/security/sign-ins/{sign_in_id}/end",
        "/settings/security/sign-ins/end-others",
        "/settings/tokens/{token_id}/revoke",
        "/notices/read",
        "/settings/notices/wishes",
        "/settings/notices/test",
        "/settings/notices/off",
        "/settings/people/invitations/{invitation_id}/withdraw",
        "/settings/people/{person_id}/role",
        "/settings/people/{person_id}/password-link",
        "/settings/people/{person_id}/remove",
        "/settings/backups/now",
        "/settings/backups/code",
        "/restored",
        "/restored/look",
        "/place",
        "/settings/storage/now",
        "/zaps/{zap_id}/switch",
        "/zaps/{zap_id}/duplicate",
        "/zaps/{zap_id}/pause",
        "/zaps/{zap_id}/resume",
        "/pausing",
        "/pausing/end",
        "/zaps/{zap_id}/notices",
        "/zaps/{zap_id}/address",
        "/zaps/new",
        "/zaps/{zap_id}/try",
        "/zaps/{zap_id}/try/sample",
        "/zaps/{zap_id}/try/wait",
        "/zaps/{zap_id}/try/wait/end",
        "/zaps/{zap_id}/try/made-up",
        "/zaps/{zap_id}/try/forget",
        "/zaps/{zap_id}/rehearsal",
        "/zaps/{zap_id}/rehearsal/{rehearsal_id}/stop",
        "/zaps/{zap_id}/failed",
        "/zaps/{zap_id}/failed/preview",
        "/zaps/{zap_id}/versions/{number}/restore",
        "/zaps/{zap_id}/versions/discard",
        "/connections/sign-in",
        "/connections/{connection_id}/check",
        "/connections/{connection_id}/replace",
        "/connections/{connection_id}/sign-in",
        "/apps/{key}/profiles/{name}/hosts",
    )
}
"""Forms with nothing to type: what is sent was chosen, or stood in the page."""

ENDS = {"POST /sign-out"}  # whoever asks would not be signed in any more
ODD = ("do", "way", "role", "wish", "usual", "choice", "every", "only", "this_is", "record", "decision", "on", "host")
MORE_ODD = ("runs", "filter", "doing", "step", "template", "revision", "app", "auth", "name", "next", "last", "lost")
BACK = "/settings/tokens"
_PLACE = re.compile(r"\{(\w+)\}")

CASES = [
    pytest.param(form, name, kind, id=f"{kind} {name} of {route}")
    for route, form in FORMS.items()
    for name in (*form.typed, *form.secret)
    for kind in form.kinds(name)
]


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, TypingHouse]]:
    folder = tmp_path_factory.mktemp("typing")
    with typing_house(folder / "there") as there, empty_house(folder / "empty") as empty:
        yield {"there": there, "empty": empty}


def test_every_form_is_in_one_of_the_two_tables():
    forms = {route for route in ACCESS if not route.startswith("GET ") and f" {ROOT}/" not in route}
    assert {"nobody listed": forms - FORMS.keys() - BUTTONS, "gone": {*FORMS, *BUTTONS} - forms} == {
        "nobody listed": set(),
        "gone": set(),
    }
    assert not FORMS.keys() & BUTTONS


@pytest.mark.parametrize(("form", "name", "kind"), CASES)
def test_what_is_typed_is_fine_or_refused_in_its_place_and_language(
    houses: dict[str, TypingHouse], form: Form, name: str, kind: str
):
    house = houses[form.house]
    house.with_second_factor(form.second_factor) if form.house == "there" else None
    answers = {}
    for language in LANGUAGES:
        house.calm()
        path, fields = house.filled(form.path), {one: house.filled(text) for one, text in form.good.items()}
        before = house.stored()
        fields = {**fields, name: HOSTILE[kind]}
        answer = house.post(path, fields, language, signed_in=form.signed_in, multipart=form.multipart)
        answers[language] = answer
        assert answer.status < 500
        assert answer.is_json or "<script>alert(1)" not in answer.text
        assert answer.refused or kind not in REFUSED or kind in form.takes
        if answer.refused:
            must_be_said(answer, form, name, kind, language)
            assert form.saves or house.stored() == before
    if answers["en"].refused and not form.foreign:
        assert answers["en"].said.isdisjoint(answers["de"].said)


def must_be_said(answer: Answer, form: Form, name: str, kind: str, language: str) -> None:
    """What is wrong in its place, and what was typed still there."""
    assert answer.language in (language, "")
    assert answer.said
    is_told_above = form.whole or kind not in REFUSED
    assert is_told_above or name.rpartition(".")[2] in {one.rpartition(".")[2] for one in answer.wrong}
    if answer.is_json or name in form.secret:
        assert not HOSTILE[kind] or HOSTILE[kind][:KEPT] not in answer.typed
    elif not form.multipart or kind in ("turned", "markup"):  # a file that is too long is not shown again
        assert HOSTILE[kind].replace("\x00", "")[:KEPT] in answer.typed.replace("\x00", "").replace("\ufffd", "")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("route", sorted(BUTTONS - ENDS))
def test_buttons_that_bring_something_odd_do_no_harm(houses: dict[str, TypingHouse], route: str, language: str):
    house = houses["there"]
    path = house.filled(_PLACE.sub(lambda found: found[0] if found[1] in house.places else "1", route.split(" ")[1]))
    answer = house.post(path, dict.fromkeys((*ODD, *MORE_ODD), HOSTILE["turned"]), language)
    assert answer.status < 500
    assert "<script>alert(1)" not in answer.text
    assert answer.language in (language, "")


def condition(value: str) -> str:
    return f'{{"all": [{{"value": {value}, "is": "is", "to": "x"}}]}}'


def nested(times: int) -> str:
    return '{"all": [' * times + condition('"a"') + "]}" * times


NO_NUMBERS = ("²", "٣", "9" * 5000, "-1", "abc", "")
CHANGES = {
    **{f"revision {one[:3]}": ("title", {"revision": one}) for one in NO_NUMBERS},
    **{f"index {one[:3]}": ("move", {"index": one}) for one in NO_NUMBERS},
    "name that hides something": ("name", {"name": "Parcels\u200b"}),
    "brackets": ("filter", {"group": "[" * 100_000}),
    **{f"nested {times} times": ("filter", {"group": nested(times)}) for times in (30, 150, 175, 200, 5000)},
    "half of a character": ("filter", {"group": condition('"\\ud800"')}),
    "written NUL": ("conditions", {"group": condition('"a\\u0000b"')}),
    "sign in a name": ("filter", {"group": condition('{"\\ud800": 1}')}),
    "beyond all numbers": ("filter", {"group": condition("1e999")}),
}


@pytest.mark.parametrize(("change", "sent"), CHANGES.values(), ids=CHANGES)
def test_a_change_that_cannot_be_read_is_refused_in_the_persons_language(
    houses: dict[str, TypingHouse], change: str, sent: dict[str, str]
):
    house = houses["there"]
    drafts, zap_id = house.runtime.editing.drafts, house.places["zap_id"]
    if not any(step.key == "filter" for step in drafts.get(zap_id).zap.steps):
        drafts.add_step(zap_id, "trigger", "filter", revision=drafts.get(zap_id).revision, by="")
    before = house.stored()
    given = {"step": "filter", "title": "Filters", "revision": str(drafts.get(zap_id).revision), **sent}
    answers = [house.post(f"/zaps/{zap_id}/draft/{change}", given, language) for language in LANGUAGES]
    assert [answer.status for answer in answers] == [422, 422]
    assert answers[0].said.isdisjoint(answers[1].said)
    assert house.stored() == before


def test_a_sign_in_a_condition_is_told_at_its_place(houses: dict[str, TypingHouse]):
    house = houses["there"]
    given = {"step": "filter", "revision": "1", "group": condition('"\\ud800"')}
    answer = house.post(house.filled("/zaps/{zap_id}/draft/filter"), given, "en")
    assert list(answer.response.json()["fields"]) == ["filter.all.0.value"]


@pytest.mark.parametrize("kept", ["²", "9" * 5000, "000000001" + "9" * 5000, "0"], ids=["²", "long", "zeros", "0"])
def test_how_many_backups_are_kept_is_a_number(houses: dict[str, TypingHouse], kept: str):
    answer = houses["there"].post("/settings/backups", {**BACKUPS, "kept": kept}, "en")
    assert (answer.status, answer.wrong) == (422, {"kept"})
    assert kept in answer.typed


ADDRESSES = ("/zaps/{zap_id}/versions/compare?a={number}", "/zaps/{zap_id}/versions/compare?a=1&b={number}")
MORE_ADDRESSES = ("/zaps?page={number}", "/settings/audit?before={number}", "/zaps/{zap_id}/try/records?more={number}")


@pytest.mark.parametrize("number", ["9" * 25, "9" * 5000, "-1"], ids=lambda one: one[:3])
def test_a_version_that_is_none_is_not_put_into_the_draft(houses: dict[str, TypingHouse], number: str):
    house = houses["there"]
    path, given = f"/zaps/{house.places['zap_id']}/versions/{number}/restore", house.filled("{revision}")
    assert house.post(path, {"revision": given}, "en").status in (404, 422)


@pytest.mark.parametrize("number", ["²", "٣", "9" * 25, "9" * 5000, "-1"], ids=lambda one: one[:3])
@pytest.mark.parametrize("path", [*ADDRESSES, *MORE_ADDRESSES])
def test_an_address_with_a_number_that_is_none_is_no_fault_of_ours(
    houses: dict[str, TypingHouse], path: str, number: str
):
    house = houses["there"]
    asked = house.client("en", signed_in=True).get(path.format(**house.places, number=number))
    assert house.runner.run(asked).status_code < 500


@pytest.mark.parametrize(("language", "said"), [("en", "larger than the 8 MB"), ("de", "größer als die 8 MB")])
def test_more_than_any_form_takes_is_said_so_with_a_way_back(houses: dict[str, TypingHouse], language: str, said: str):
    house = houses["there"]
    before = house.stored()
    for path in ("/settings/profile", "/zaps/import", "/settings/storage"):
        answer = house.post(path, {"name": "x" * 9_000_000}, language)
        assert (answer.status, answer.language) == (413, language)
        assert said in answer.typed
        assert f'href="{BACK}" data-back' in answer.text
    by_script = house.post(
        "/zaps/{zap_id}/draft/value".format(**house.places), {"x": "y" * 9_000_000}, language, script=True
    )
    assert (by_script.status, by_script.response.headers["hx-reswap"]) == (413, "none")
    assert said in json.loads(by_script.response.headers["hx-trigger"])["toast"]["text"]
    assert house.stored() == before
