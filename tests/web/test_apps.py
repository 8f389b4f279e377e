"""`zapwerk apps …`"""

from tests.web.installation import Installation


def test_the_list_has_installed_apps_and_those_of_the_data_folder(installation: Installation):
    found = {app["key"]: app for app in installation.json("apps", "list")}
    assert {"gmail", "imap", "invoice2go", "shop"} <= set(found)
    assert found["shop"]["triggers"] == ["shop.new_order"]
    assert found["shop"]["actions"] == ["shop.send_parcel"]


def test_a_broken_connector_is_listed_with_its_reason_and_the_others_work(installation: Installation):
    (installation.data / "connectors" / "bad.py").write_text("import nothing_like_it")
    found = {app["key"]: app for app in installation.json("apps", "list")}
    assert "nothing_like_it" in found["bad"]["problem"]
    assert found["shop"]["problem"] == ""


def test_an_app_shows_its_fields_and_ways_to_sign_in(installation: Installation):
    found = installation.json("apps", "show", "shop")
    assert [field["name"] for field in found["auth"][0]["fields"]] == ["folder", "password"]
    parcel = next(one for one in found["operations"] if one["use"] == "shop.send_parcel")
    assert [(one["name"], one["required"], one["kind"]) for one in parcel["fields"]] == [
        ("to", True, "text"),
        ("weight", False, "integer"),
    ]


def test_what_is_filled_in_is_shown_but_no_secret(installation: Installation):
    installation.run("apps", "set", "shop", "--profile", "other", "greeting=Servus", "pin=-", said="4711-secret\n")
    profiles = {one["name"]: one["values"] for one in installation.json("apps", "show", "shop")["profiles"]}
    assert profiles["other"] == {
        "client_id": "",
        "client_secret": "not set",
        "greeting": "Servus",
        "pin": "set",
        "size": 1,
    }
    assert profiles["default"]["greeting"] == "Hello"
    assert "4711-secret" not in installation.run("apps", "show", "shop").output


def test_values_that_cannot_be_used_are_told_by_field_and_change_nothing(installation: Installation):
    done = installation.run("apps", "set", "shop", "size=0", "greeting=Servus", code=1)
    assert "size" in done.stderr
    done = installation.run("apps", "set", "shop", "colour=red", code=1)
    assert "colour" in done.stderr
    assert installation.json("apps", "show", "shop")["profiles"][0]["values"]["greeting"] == "Hello"


def test_a_profile_that_is_not_ready_says_what_is_missing(installation: Installation):
    done = installation.run("apps", "set", "invoice2go", "--profile", "invoice2go", "client_id=me")
    assert "cannot be used yet" in done.stderr
