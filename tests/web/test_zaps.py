"""`zapwerk zaps …`"""

import asyncio
from pathlib import Path

import pytest

from engine.runtime import Runtime
from engine.settings import Settings
from tests.web.installation import ZAP, Installation, flat

WITH_PROBLEMS = """
zapwerk: 1
name: Wrong in many ways
trigger: {use: shop.new_ordr, connection: shop}
steps:
  - {key: parcel, use: shop.send_parcel, connection: nowhere, with: {to: "{{ trigger.who }}", colour: red}}
  - {key: second, use: shop.send_parcel, connection: shop, with: {weight: heavy}}
  - {key: third, use: shop.send_parcel, connection: shop, with: {to: "{{ later.id }}"}}
"""
STEP = '  - {{key: s{number}, use: shop.send_parcel, connection: shop, with: {{to: "x"}}}}\n'
TOO_LONG = "zapwerk: 1\nname: Long\ntrigger: {use: shop.new_order, connection: shop}\nsteps:\n" + "".join(
    STEP.format(number=number) for number in range(101)
)
WITH_SEARCH = """
zapwerk: 1
name: Search first
trigger: {use: shop.new_order, connection: shop}
steps:
  - {key: only, filter: {all: [{value: "{{ trigger.who }}", is: contains, to: Ada}]}}
  - {key: customer, use: shop.find_customer, connection: shop, with: {to: "{{ trigger.who }}"}}
  - {key: parcel, use: shop.send_parcel, connection: shop, with: {to: "{{ customer.street }}"}}
  - {key: another, use: shop.send_parcel, connection: shop, with: {to: "{{ parcel.to }}"}}
"""


def test_a_zap_is_imported_as_a_draft(connected: Installation):
    told = connected.json("zaps", "import", str(connected.write_zap()))
    assert (told["name"], told["enabled"]) == ("Parcels", False)
    (found,) = connected.json("zaps", "list")
    assert (found["id"], found["state"], found["version"]) == (told["id"], "draft", None)


def test_a_zap_is_imported_and_switched_on(connected: Installation):
    assert connected.json("zaps", "import", str(connected.write_zap()), "--enable")["version"] == 1
    assert connected.json("zaps", "list")[0]["state"] == "on"


def test_a_zap_is_imported_from_standard_input(connected: Installation):
    connected.run("zaps", "import", "-", said="\ufeff" + ZAP.format(name="Piped"))
    assert connected.json("zaps", "list")[0]["name"] == "Piped"


def test_a_file_imported_twice_is_two_zaps(connected: Installation):
    file = str(connected.write_zap())
    connected.run("zaps", "import", file)
    connected.run("zaps", "import", file)
    assert [zap["name"] for zap in connected.json("zaps", "list")] == ["Parcels", "Parcels (2)"]


def test_all_problems_are_told_by_step_and_field_and_nothing_is_imported(connected: Installation):
    file = str(connected.write_zap(WITH_PROBLEMS))
    told = connected.json("zaps", "import", file, "--enable", code=1)
    places = {(problem["step"], problem["field"]) for problem in told["problems"]}
    assert {("trigger", "use"), ("parcel", "connection"), ("parcel", "colour"), ("second", "to")} <= places
    assert {("second", "weight"), ("third", "to")} <= places
    assert connected.json("zaps", "list") == []


def test_problems_are_a_table_for_people(connected: Installation):
    done = connected.run("zaps", "import", str(connected.write_zap(WITH_PROBLEMS)), code=1)
    assert done.stdout == ""
    assert "Nothing was changed; 6 things are to fix" in done.stderr or "things are to fix" in done.stderr
    assert "colour" in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("zapwerk: 1\nname: [", "Line", id="broken YAML"),
        pytest.param("", "empty", id="an empty file"),
        pytest.param("hello", "not a zap file", id="something else"),
        pytest.param(TOO_LONG, "100", id="101 steps"),
        pytest.param("a: &a 1\nb: *a", "anchors", id="anchors"),
    ],
)
def test_a_file_that_is_no_zap_is_refused_with_the_reason(connected: Installation, text: str, said: str):
    told = connected.json("zaps", "import", str(connected.write_zap(text)), code=1)
    assert said in " ".join(problem["message"] for problem in told["problems"])
    assert connected.json("zaps", "list") == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"name: \xff\xfe", "UTF-8", id="not text"),
        pytest.param(b"#" * 4_000_001, "too large", id="4 MB"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_sentence(connected: Installation, tmp_path: Path, content: bytes, said: str):
    file = tmp_path / "zap.yaml"
    file.write_bytes(content)
    assert said in connected.run("zaps", "import", str(file), code=1).stderr
    assert "No such file" in connected.run("zaps", "import", str(tmp_path / "missing.yaml"), code=1).stderr


def test_a_zap_that_cannot_be_switched_on_stays_imported_and_says_how_to_go_on(connected: Installation):
    connected.shop.rename(connected.shop.with_name("elsewhere"))
    (connected.data / "connectors" / "shop.py").write_text(
        (connected.data / "connectors" / "shop.py")
        .read_text()
        .replace("for path in sorted", 'raise PermanentFailure("Closed today.")\n    for path in sorted')
    )
    done = connected.run("zaps", "import", str(connected.write_zap()), "--enable", code=1)
    assert "Closed today." in done.stderr
    assert connected.json("zaps", "list")[0]["state"] == "draft"


def test_what_is_exported_can_be_imported_again(switched_on: Installation, tmp_path: Path):
    text = switched_on.run("zaps", "export", "Parcels").stdout
    file = tmp_path / "out.yaml"
    switched_on.run("zaps", "export", "Parcels", "--output", str(file))
    assert file.read_text() == text
    assert "connection: shop" in text
    assert "--yes" in switched_on.run("zaps", "export", "Parcels", "--output", str(file), code=1).stderr
    switched_on.run("zaps", "import", str(file))
    assert len(switched_on.json("zaps", "list")) == 2


def test_a_zap_shows_how_its_trigger_does_its_steps_and_versions(switched_on: Installation):
    switched_on.order("Ada")
    switched_on.work(1)
    zap = switched_on.json("zaps", "show", "parcels")
    assert zap["trigger"]["watched"]
    assert zap["trigger"]["last_success_at"] <= zap["trigger"]["next_check_at"]
    assert zap["trigger"]["problem"] == ""
    assert zap["trigger"]["health"] == "ok"
    assert [(one["outcome"], one["found"]) for one in zap["trigger"]["checks"] if one["found"]] == [("news", 1)]
    assert "1 new" in switched_on.run("zaps", "show", "parcels").stdout
    assert [(step["key"], step["use"], step["connection"]) for step in zap["steps"]] == [
        ("parcel", "shop.send_parcel", "shop")
    ]
    assert [(one["number"], one["live"]) for one in zap["versions"]] == [(1, True)]
    assert zap["runs"] == {"succeeded": 1}


def test_a_zap_that_is_on_without_an_engine_says_that_nothing_is_checked(switched_on: Installation):
    assert "Zapwerk does not run" in switched_on.run("zaps", "show", "Parcels").stderr


def test_switching_off_and_on_goes_on_without_what_came_meanwhile(switched_on: Installation):
    switched_on.run("zaps", "disable", "Parcels")
    assert switched_on.json("zaps", "list")[0]["state"] == "off"
    switched_on.order("Missed")
    switched_on.run("zaps", "enable", "Parcels")
    switched_on.order("Ada")
    switched_on.work(1)
    assert switched_on.parcels() == ["Ada"]


def test_switching_on_with_catch_up_takes_what_came_meanwhile(switched_on: Installation):
    switched_on.run("zaps", "disable", "Parcels")
    switched_on.order("Ada")
    switched_on.run("zaps", "enable", "Parcels", "--catch-up")
    switched_on.work(1)
    assert switched_on.parcels() == ["Ada"]


def test_deleting_asks_and_keeps_the_history(switched_on: Installation):
    switched_on.order("Ada")
    switched_on.work(1)
    switched_on.run("zaps", "delete", "Parcels", code=1)
    switched_on.run("zaps", "delete", "Parcels", "--yes")
    assert switched_on.json("zaps", "list") == []
    assert [run["zap"] for run in switched_on.json("runs", "list", "--zap", "Parcels")] == ["Parcels"]


def test_testing_shows_the_newest_records(switched_on: Installation):
    switched_on.order("Ada", "Grace", "Edsger", "Barbara")
    assert [one["who"] for one in switched_on.json("zaps", "test", "Parcels")] == ["Barbara", "Edsger", "Grace"]
    assert "Barbara" in switched_on.run("zaps", "test", "Parcels", "--count", "1").stdout


def test_testing_a_step_says_what_it_will_do_and_asks_first(switched_on: Installation):
    switched_on.order("Ada")
    done = switched_on.run("zaps", "test", "Parcels", "--step", "parcel", code=1)
    assert "This really does “Send parcel” with “shop”" in done.stderr
    assert "to: Ada" in done.stderr
    assert switched_on.parcels() == []


def test_testing_a_step_really_does_it(switched_on: Installation):
    switched_on.order("Ada")
    done = switched_on.json("zaps", "test", "Parcels", "--step", "parcel", "--yes")
    assert (done["outcome"], done["given"]["to"], done["record"]["to"]) == ("done", "Ada", "Ada")
    assert switched_on.parcels() == ["Ada"]
    assert switched_on.json("runs", "list") == []


def test_testing_a_step_searches_first_but_does_no_earlier_action(connected: Installation):
    connected.run("zaps", "import", str(connected.write_zap(WITH_SEARCH)))
    connected.order("Ada")
    test = ("zaps", "test", "Search first", "--yes", "--step")
    assert connected.json(*test, "only")["outcome"] == "passed"
    assert connected.json(*test, "customer")["record"]["street"] == "Street of Ada"
    assert connected.json(*test, "parcel")["given"]["to"] == "Street of Ada"
    assert "Test “parcel” by itself" in connected.json(*test, "another", code=1)["error"]
    assert "no step “fifth”" in connected.json(*test, "fifth", code=1)["error"]


def test_testing_a_step_without_a_record_says_so(switched_on: Installation):
    assert "no record yet" in switched_on.run("zaps", "test", "Parcels", "--step", "parcel", code=1).stderr


def test_a_draft_with_changes_is_live_when_it_is_published_not_when_its_zap_is_switched_on(switched_on: Installation):
    redrawn(switched_on, weight=3)
    switched_on.run("zaps", "disable", "Parcels")
    said = flat(switched_on.run("zaps", "enable", "Parcels").stderr)
    assert ("version 1 is switched on" in said, "zapwerk zaps publish" in said) == (True, True)
    zap = switched_on.json("zaps", "show", "Parcels")
    assert ([one["number"] for one in zap["versions"]], zap["unpublished_changes"]) == ([1], True)
    assert "version 2 is live." in switched_on.run("zaps", "publish", "Parcels").stderr
    zap = switched_on.json("zaps", "show", "Parcels")
    assert ([one["number"] for one in zap["versions"] if one["live"]], zap["state"]) == ([2], "on")
    assert "nothing newer" in switched_on.run("zaps", "publish", "Parcels").stderr


def test_publishing_leaves_a_zap_that_is_off_as_it_is(switched_on: Installation):
    switched_on.run("zaps", "disable", "Parcels")
    redrawn(switched_on, weight=3)
    switched_on.run("zaps", "publish", "Parcels")
    zap = switched_on.json("zaps", "show", "Parcels")
    assert (zap["state"], zap["unpublished_changes"]) == ("off", False)


def redrawn(installation: Installation, **values: int) -> None:
    """Changes the draft of the only zap, as the editor does."""

    async def redraw() -> None:
        runtime = Runtime(Settings(data=installation.data))
        try:
            drafts = runtime.editing.drafts
            zap_id = installation.json("zaps", "list")[0]["id"]
            for name, value in values.items():
                drafts.put_value(zap_id, "parcel", (name,), value, revision=drafts.get(zap_id).revision, by="")
        finally:
            await runtime.close()

    asyncio.run(redraw())
