"""`zapwerk zaps rehearse`"""

from dataclasses import fields
from pathlib import Path

import pytest

from tests.web.installation import Installation, flat
from web.shapes import RehearsalShown, RowRehearsed, StepRehearsed

ZAP = """
zapwerk: 1
name: Careful
timezone: Europe/Berlin
trigger: {use: shop.new_order, connection: shop}
steps:
  - {key: only, filter: {all: [{value: "{{ trigger.who }}", is: is_not, to: Spam}]}}
  - {key: customer, use: shop.find_customer, connection: shop, with: {to: "{{ trigger.who }}"}}
  - key: parcel
    use: shop.send_parcel
    connection: shop
    with: {to: "{{ customer.street }}", weight: "{{ trigger.who | split: ' ' | last }}"}
  - {key: another, use: shop.send_parcel, connection: shop, with: {to: "{{ parcel.to }}"}}
"""
ORDERS = ("Ada 2", "Spam", "Ada heavy", "Stranger", "Ada 2")


@pytest.fixture
def careful(connected: Installation) -> Installation:
    """With a zap that is a draft, and orders for it."""
    connected.run("zaps", "import", str(connected.write_zap(ZAP)))
    connected.order(*ORDERS)
    return connected


def test_a_rehearsal_shows_a_line_for_each_record_a_summary_and_the_problems(careful: Installation):
    done = careful.run("zaps", "rehearse", "careful")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[0] for line in lines if line and line[0].isdigit()] == ["1", "2", "3", "4", "5", "5", "3"]
    told = flat(done.stdout)
    assert "1 Ada 2 would send parcel (2×) to: Street of Ada 2, weight: 2; to: known only after step “parcel”" in told
    assert "2 Stranger would stop Find customer: nothing was found." in told
    assert "3 Ada heavy problem “heavy” is not a number" in told
    assert "4 Spam filtered out Who is “Spam”" in told
    assert "5 records: 2 would send parcel (2×), 1 is filtered out, 1 would stop, 1 has a problem." in told
    assert "3 parcel weight “heavy” is not a number" in told
    assert "This was the draft. Nothing was created." in done.stderr


def test_a_record_takes_one_line_however_long_it_is(careful: Installation):
    careful.order(f"{'Lovelace ' * 60} 3", "Ada\nKing 4")
    lines = careful.run("zaps", "rehearse", "Careful", "--last", "2").stdout.splitlines()
    first, second = (line for line in lines if line.strip()[:1] in ("1", "2") and " to: " in line)
    assert ("Ada King 4" in first, "to: Street of Ada King 4, weight: 4" in first) == (True, True)
    assert "…" in second
    assert "would send parcel (2×)" in second
    assert max(map(len, lines)) <= 200


def test_nothing_is_done_and_nothing_is_remembered(careful: Installation):
    before = careful.json("zaps", "show", "Careful")
    careful.run("zaps", "rehearse", "Careful")
    assert careful.parcels() == []
    assert careful.json("runs", "list") == []
    assert careful.json("zaps", "show", "Careful") == before


def test_as_json_it_has_exactly_the_documented_fields(careful: Installation):
    shown = careful.json("zaps", "rehearse", "Careful", "--last", "3")
    assert list(shown) == names(RehearsalShown)
    assert (shown["zap"], shown["version"], shown["records"], shown["cut"]) == ("Careful", None, 3, "")
    assert shown["outcomes"] == {
        "problem": 1,
        "unchecked": 0,
        "would_do": 1,
        "exists": 0,
        "stops": 1,
        "filtered": 0,
        "passes": 0,
    }
    assert [list(row) for row in shown["rows"]] == [names(RowRehearsed)] * 3
    first = shown["rows"][0]
    assert (first["number"], first["label"], first["outcome"]) == (1, "Ada 2", "would_do")
    assert [list(step) for step in first["steps"]] == [names(StepRehearsed)] * 4
    customer, parcel, another = first["steps"][1:]
    assert (customer["outcome"], customer["record"]["street"]) == ("found", "Street of Ada 2")
    assert parcel["given"] == {"to": "Street of Ada 2", "weight": 2}
    assert another["later"] == {"to": ["parcel"]}
    assert [step["uses_quota"] for step in first["steps"]] == [False, False, True, True]
    assert shown["quotas"] == [{"app": "shop", "count": 2, "exact": True}]
    (problem,) = shown["rows"][2]["steps"][-1]["problems"]
    assert problem["field"] == "weight"


def test_the_live_version_is_rehearsed_when_asked_for(careful: Installation):
    assert "never published" in careful.run("zaps", "rehearse", "Careful", "--live", code=1).stderr
    careful.run("zaps", "enable", "Careful")
    assert careful.json("zaps", "rehearse", "Careful", "--live")["version"] == 1
    assert "This was version 1." in careful.run("zaps", "rehearse", "Careful").stderr


def test_without_a_record_it_says_so(connected: Installation):
    connected.run("zaps", "import", str(connected.write_zap()))
    done = connected.run("zaps", "rehearse", "Parcels")
    assert (done.stdout, "no record yet" in done.stderr) == ("", True)
    assert connected.json("zaps", "rehearse", "Parcels")["rows"] == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        pytest.param(("Careles",), 1, "There is no zap “Careles”", id="no such zap"),
        pytest.param(("Careful", "--last", "0"), 2, "should be", id="no records"),
        pytest.param(("Careful", "--last", "501"), 2, "should be", id="too many records"),
    ],
)
def test_what_cannot_be_rehearsed_is_refused_with_the_reason(
    careful: Installation, words: tuple[str, ...], code: int, said: str
):
    assert said in flat(careful.run("zaps", "rehearse", *words, code=code).stderr)


def test_a_trigger_that_fails_ends_it_with_its_sentence(careful: Installation):
    shop: Path = careful.data / "connectors" / "shop.py"
    text = shop.read_text().replace(
        "for path in sorted", 'raise PermanentFailure("Closed today.")\n    for path in sorted'
    )
    shop.write_text(text)
    assert careful.json("zaps", "rehearse", "Careful", code=1)["error"] == "Closed today."


def names(shape: type) -> list[str]:
    return [one.name for one in fields(shape)]
