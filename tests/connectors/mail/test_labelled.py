"""What contact forms put into mails is read as labels and values: from fixtures in the shape of real form plugins."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from connectors.mail import automatic, labelled, message
from connectors.mail.labelled import Labelled
from tests.connectors.mail.expected_forms import EXPECTED

AT_MOST = 9  # times as long for four times the input; quadratic work would take 16 times
FORMS = Path(__file__).parent / "forms"


@pytest.mark.parametrize("name", sorted(path.stem for path in FORMS.glob("*.eml")))
def test_a_form_mail_gives_exactly_what_was_filled_in(name):
    mail = message.read((FORMS / f"{name}.eml").read_bytes())
    assert dict(labelled.read(mail.text, mail.html)) == EXPECTED[name]


@pytest.mark.parametrize("name", sorted(path.stem for path in FORMS.glob("*.eml")))
def test_a_form_mail_is_answered_to_the_customer_and_not_taken_for_automatic(name):
    mail = message.read((FORMS / f"{name}.eml").read_bytes())
    assert mail.sender.address not in {"", mail.from_.address}
    assert automatic.reason(mail.headers, mail.from_.address) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Name: Max\nE-Mail: m@x.example", {"Name": "Max", "E-Mail": "m@x.example"}, id="plain"),
        pytest.param("Name:Max\nOrt :Köln", {"Name": "Max", "Ort": "Köln"}, id="odd blanks"),
        pytest.param("Name *: Max\n* Ort: Köln", {"Name": "Max", "Ort": "Köln"}, id="asterisks"),
        pytest.param("*Name:* Max\n**Ort**: Köln", {"Name": "Max", "Ort": "Köln"}, id="starred bold"),
        pytest.param("- Name: Max\n• Ort: Köln\n1. Land: DE", {"Name": "Max", "Ort": "Köln", "Land": "DE"}, id="lists"),
        pytest.param(
            "Name\xa0: Max\nTele\xadfon: 1\nE‑Mail: x", {"Name": "Max", "Telefon": "1", "E-Mail": "x"}, id="fine"
        ),
        pytest.param(
            "Adresse: Weg 1\n24103 Kiel\nOrt: Kiel", {"Adresse": "Weg 1\n24103 Kiel", "Ort": "Kiel"}, id="lines"
        ),
        pytest.param("Name:\nMax\n\nOrt:\n\nKöln", {"Name": "Max", "Ort": "Köln"}, id="label above"),
        pytest.param("Name\nMax\n\nOrt\nKöln", {"Name": "Max", "Ort": "Köln"}, id="bare label above"),
        pytest.param("Name:\nHobby:\nOrt: Köln", {"Name": "", "Hobby": "", "Ort": "Köln"}, id="left empty"),
        pytest.param("Farbe: rot\nFarbe: blau", {"Farbe": "rot\nblau"}, id="repeated"),
        pytest.param("farbe: rot\nFARBE*: blau", {"farbe": "rot\nblau"}, id="repeated in another spelling"),
        pytest.param("Uhrzeit: 10:30", {"Uhrzeit": "10:30"}, id="time as value"),
        pytest.param("Webseite: https://x.example/a:b", {"Webseite": "https://x.example/a:b"}, id="address as value"),
        pytest.param("E-Mail: a@x.example<mailto:a@x.example>", {"E-Mail": "a@x.example"}, id="link behind an address"),
        pytest.param("Neue Anfrage von der Webseite:\n\nName: Max", {"Name": "Max"}, id="announcement"),
        pytest.param("Name: Max\n\n-- \nTelefon: 030 1", {"Name": "Max"}, id="signature"),
        pytest.param("Name: Max\n> Ort: Köln\n> Name: Ina", {"Name": "Max"}, id="quote"),
        pytest.param("Name: Max\nAm 3.3.26 um 10:30 schrieb Ina:\nOrt: Köln", {"Name": "Max"}, id="attribution"),
        pytest.param(
            "Danke\n\nVon: Ina <i@x.example>\nGesendet: Montag\nAn: Max\nBetreff: Formular\n\nName: Ina",
            {},
            id="answer",
        ),
        pytest.param(
            "Zur Info\n\n---------- Weitergeleitete Nachricht ---------\nVon: Ina\nDate: Montag\nBetreff: x\nAn: y\n\n"
            "Name: Ina",
            {"Name": "Ina"},
            id="forwarded",
        ),
        pytest.param(
            "Nachricht: Hallo\n\nMaße: 3 m\nFrage: geht das?\n\nTelefon: 030 1",
            {"Nachricht": "Hallo\n\nMaße: 3 m\nFrage: geht das?", "Telefon": "030 1"},
            id="message",
        ),
    ],
)
def test_text_is_read_by_its_labels(text, expected):
    assert dict(labelled.read(text, "")) == expected


@pytest.mark.parametrize(
    "text",
    [
        "https://shop.example/anfrage",
        "Wir treffen uns um 10:30 in Köln",
        "10:30 Uhr",
        "C:\\Daten\\Angebot.pdf",
        "Bis bald :) Max",
        "Ich möchte gern wissen, was Sie für drei Tage Arbeit am Dach nehmen: geht das?",
        "Guten Morgen. Sie fragten: ja",
        "PS: Danke",
        "::::",
        "12: 13",
        "max@mail.example: ja",
    ],
)
def test_prose_addresses_and_times_are_no_labels(text):
    assert labelled.read(text, "") == {}


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        pytest.param(
            "<table><tr><th>Name<td>Max<tr><th>Ort<td>Köln</table>", {"Name": "Max", "Ort": "Köln"}, id="unclosed table"
        ),
        pytest.param(
            "<table><tr><td>Name:</td><td>Max</td><td>Ort:</td><td>Köln</td></tr></table>",
            {"Name": "Max", "Ort": "Köln"},
            id="four columns",
        ),
        pytest.param(
            "<table><tr><td>Nachricht</td><td><p>Maße: 3 m</p><p>Ort: Kiel</p></td></tr>"
            "<tr><td>Ort</td><td>Köln</td></tr></table>",
            {"Nachricht": "Maße: 3 m\n\nOrt: Kiel", "Ort": "Köln"},
            id="labels in a cell",
        ),
        pytest.param("<ol><li>Name: Max</li><li><b>Ort</b> Köln</li></ol>", {"Name": "Max", "Ort": "Köln"}, id="list"),
        pytest.param(
            "<dl><dt>Farbe</dt><dd>rot</dd><dt>Maß<dd>3<br>4</dl>", {"Farbe": "rot", "Maß": "3\n4"}, id="terms"
        ),
        pytest.param(
            "<p><strong>Name</strong></p><p>Max</p><h4>Maß</h4><div>3 m</div>",
            {"Name": "Max", "Maß": "3 m"},
            id="bold",
        ),
        pytest.param(
            "<table><tr><td>Logo</td><td>Name: Max<br>Ort: Köln</td></tr></table>",
            {"Name": "Max", "Ort": "Köln"},
            id="layout",
        ),
        pytest.param(
            "<p>Name: Max</p><blockquote type=cite>Name: Ina<br>Ort: Köln</blockquote>", {"Name": "Max"}, id="quote"
        ),
    ],
)
def test_html_is_read_by_its_structure(html, expected):
    assert dict(labelled.read("", html)) == expected


def test_html_wins_only_where_it_tells_more():
    text = "Name: Max\nOrt: Köln"
    assert labelled.read(text, "<p>Please see the text.</p>") == {"Name": "Max", "Ort": "Köln"}
    assert labelled.read("Name: Max", "<b>Name:</b> Max<br><b>Ort:</b> Köln") == {"Name": "Max", "Ort": "Köln"}


@pytest.mark.parametrize(
    "asked", ["E-Mail", "e-mail", " E-MAIL: ", "E-Mail*", "E-Mail *:", "E\u2011Mail", "\xa0e-mail"]
)
def test_labels_are_found_without_regard_to_case_colon_asterisk_and_blanks(asked):
    found = labelled.read("E-Mail*: m@x.example", "")
    assert (found[asked], found.get(asked), asked in found) == ("m@x.example", "m@x.example", True)


def test_an_unknown_label_is_not_found():
    found = Labelled({"Name": "Max"})
    assert (found.get("Ort"), found.get("Ort", "-"), "Ort" in found) == (None, "-", False)
    with pytest.raises(KeyError):
        found["Ort"]


def test_the_very_label_comes_before_a_similar_one():
    assert Labelled({"name": "a", "Name": "b"})["Name"] == "b"


def test_sharp_s_and_double_s_are_the_same_label():
    assert Labelled({"Straße": "Weg 1"})["STRASSE"] == "Weg 1"


def test_json_has_a_plain_object_from_which_the_mapping_is_rebuilt():
    class Mail(BaseModel):
        labelled: Labelled

    mail = Mail(labelled=labelled.read("Name: Max", ""))
    assert (
        mail.model_dump_json()
        == '{"labelled":{"Name":"Max"}}'
        == json.dumps({"labelled": mail.labelled}, separators=(",", ":"))
    )
    assert Mail.model_validate_json(mail.model_dump_json()).labelled["NAME:"] == "Max"
    assert type(mail.model_dump()["labelled"]) is dict
    assert Mail.model_json_schema()["properties"]["labelled"]["type"] == "object"


@given(st.text(), st.text())
def test_any_text_gives_a_mapping_of_storable_texts(text, html):
    for label, value in labelled.read(text, html).items():
        assert (label + value).encode()
        assert label == label.strip(" :*")


def seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


@pytest.mark.parametrize(
    "hostile",
    [
        ":",
        ":\n",
        "a:",
        "a: b\n",
        "*",
        "**a",
        "- ",
        "<mailto:",
        "--- ",
        "Von: a\n",
        "Am schrieb ",
        "Nachricht: a: b\n\n",
        " ",
        "a: b" + " " * 5000 + "c\n",
        "a" + " " * 5000 + "*\n",
    ],
)
def test_the_time_for_hostile_text_grows_as_its_length_does(hostile):
    small, large = hostile * (50_000 // len(hostile)), hostile * (200_000 // len(hostile))
    took = min(seconds(lambda: labelled.read(small, "")) for _ in range(3))
    assert min(seconds(lambda: labelled.read(large, "")) for _ in range(3)) < AT_MOST * took + 0.05


@pytest.mark.parametrize(
    "hostile", ["<div>", "<table><tr><td>", "<b>", "<", "<a", "<a '\">", "<!--", "<tr><td>a<td>b", "<li>a: b", "&am"]
)
def test_the_time_for_hostile_html_grows_as_its_length_does(hostile):
    small, large = hostile * (40_000 // len(hostile)), hostile * (160_000 // len(hostile))
    took = min(seconds(lambda: labelled.read("", small)) for _ in range(3))
    assert min(seconds(lambda: labelled.read("", large)) for _ in range(3)) < AT_MOST * took + 0.05


def test_bold_prose_is_not_taken_for_fields():
    html = "<p><b>Unsere Angebote</b></p><p>Jetzt günstiger.</p><p><b>Nur heute</b></p><p>Alles muss raus.</p>"
    assert labelled.read("", html) == {}


def test_a_megabyte_of_colons_has_no_fields():
    assert labelled.read(":" * 1_000_000, "<p>" + ":" * 1_000_000) == {}
