"""`zapwerk connections …`"""

import pytest

from tests.web.installation import PASSWORD, Installation, flat


def test_a_connection_is_checked_and_saved(installation: Installation):
    installation.connect("my shop")
    (found,) = installation.json("connections", "list")
    assert (found["name"], found["app"], found["account"], found["state"]) == (
        "my shop", "shop", "Shop corner", "active",
    )  # fmt: skip


def test_a_connection_without_a_name_is_called_like_its_app(installation: Installation):
    words = ("connections", "add", "shop", "--set", f"folder={installation.shop}", "--set", f"password={PASSWORD}")
    assert [installation.json(*words)["name"] for _ in range(2)] == ["Shop", "Shop (2)"]


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        pytest.param(["folder={shop}", "password=wrong one"], ["password"], id="a wrong password"),
        pytest.param(["folder=nowhere", "password=open sesame"], ["folder"], id="a wrong folder"),
        pytest.param(["folder={shop}", "password=x", "colour=red"], ["colour"], id="an unknown field"),
        pytest.param(["folder="], ["folder", "password"], id="everything missing"),
    ],
)
def test_what_is_wrong_is_told_by_field_and_nothing_is_saved(
    installation: Installation, values: list[str], fields: list[str]
):
    settings = [word for value in values for word in ("--set", value.format(shop=installation.shop))]
    told = installation.json("connections", "add", "shop", *settings, code=1)
    assert [problem["field"] for problem in told["problems"]] == fields
    assert installation.json("connections", "list") == []


def test_a_secret_is_read_from_standard_input(installation: Installation):
    words = ("connections", "add", "shop", "--set", f"folder={installation.shop}", "--set", "password=-")
    installation.run(*words, said=f"{PASSWORD}\nnot this line")
    installation.run(*words[:-1], "password", said=PASSWORD)
    assert len(installation.json("connections", "list")) == 2


def test_a_secret_that_is_not_given_is_a_mistake_in_the_command(installation: Installation):
    done = installation.run("connections", "add", "shop", "--set", "password=-", code=2)
    assert "standard input" in flat(done.stderr)


@pytest.mark.parametrize("text", ["=1", "two words=1", "a=1 --set a=2"])
def test_what_is_no_assignment_is_a_mistake_in_the_command(installation: Installation, text: str):
    settings = [word for one in text.split(" --set ") for word in ("--set", one)]
    installation.run("connections", "add", "shop", *settings, code=2)


@pytest.mark.parametrize("password", [PASSWORD, "a wrong and secret one"])
def test_a_connector_that_prints_its_password_leaks_nothing(installation: Installation, password: str):
    settings = ("--set", f"folder={installation.shop}", "--set", f"password={password}")
    code = int(password != PASSWORD)
    done = installation.run("connections", "add", "shop", *settings, "--json", code=code)
    assert password not in done.output


def test_an_unknown_app_is_answered_with_the_nearest(installation: Installation):
    assert "shop" in installation.run("connections", "add", "shp", code=1).stderr


def test_a_name_that_is_taken_is_refused_before_anything_is_asked(connected: Installation):
    settings = ("--set", "folder=nowhere", "--set", "password=wrong")
    done = connected.run("connections", "add", "shop", "--name", "SHOP", *settings, code=1)
    assert "already" in done.stderr


def test_checking_tells_each_and_fails_if_one_fails(connected: Installation):
    assert [one["ok"] for one in connected.json("connections", "check")] == [True]
    connected.shop.rename(connected.shop.with_name("elsewhere"))
    (found,) = connected.json("connections", "check", "shop", code=1)
    assert (found["name"], found["ok"]) == ("shop", False)
    assert "no shop in this folder" in found["problem"]


def test_reconnecting_changes_only_what_is_typed(connected: Installation):
    moved = connected.shop.parent / "moved" / "corner"
    moved.parent.mkdir()
    connected.shop.rename(moved)
    connected.run("connections", "reconnect", "shop", "--set", f"folder={moved}")
    assert connected.json("connections", "check")[0]["ok"]


def test_reconnecting_to_another_account_is_refused(connected: Installation):
    (connected.shop.parent / "other" / "orders").mkdir(parents=True)
    settings = ("--set", f"folder={connected.shop.parent / 'other'}")
    assert "another account" in connected.run("connections", "reconnect", "shop", *settings, code=1).stderr
    assert connected.json("connections", "check")[0]["ok"]


def test_removing_asks_and_says_which_zaps_will_wait(switched_on: Installation):
    done = switched_on.run("connections", "remove", "shop", code=1)
    assert "“Parcels”" in done.stderr
    assert "--yes" in done.stderr
    assert len(switched_on.json("connections", "list")) == 1


def test_removing_shreds_the_credentials(switched_on: Installation):
    switched_on.run("connections", "remove", "shop", "--yes")
    assert switched_on.json("connections", "list") == []
    assert switched_on.json("zaps", "show", "Parcels")["trigger"]["connection"] == "(removed)"
