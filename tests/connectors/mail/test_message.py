"""One e-mail is read: ordinary ones completely, broken and hostile ones as far as they can be."""

import base64
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.mail import message
from connectors.mail.message import Address, Message

FORMS = Path(__file__).parent / "forms"
SNOWMAN = "\N{SNOWMAN}"


def complete_mail() -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = '"Müller, Jörg" <j@mueller.example>'
    mail["Reply-To"] = "Ina Ö <ina@mail.example>, zwei@mail.example"
    mail["To"] = "a@shop.example, Büro <b@shop.example>"
    mail["Cc"] = "c@shop.example"
    mail["Subject"] = "Grüße: eine Anfrage, deren Betreff so lang ist, dass er auf mehrere Zeilen gefaltet werden muss"
    mail["Date"] = "Fri, 02 Jan 2026 10:00:00 +0100"
    mail["Message-ID"] = "<1@mail.example>"
    mail.set_content("Hallo\n\nschöne Grüße")
    mail.add_alternative("<p>Hallo</p><p>schöne Grüße</p>", subtype="html")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="Rechnung Nr. 7 für Ä.pdf")
    return mail


def with_header(*lines: bytes, body: bytes = b"Hallo") -> Message:
    return message.read(b"\r\n".join([*lines, b"", body]))


def html(source: str) -> str:
    return with_header(b"Content-Type: text/html; charset=utf-8", body=source.encode()).text


def texts_of(mail: Message) -> list[str]:
    people = [mail.from_, mail.sender, *mail.to, *mail.cc, *mail.reply_to]
    files = [text for each in mail.attachments for text in (each.name, each.content_type, each.content_id)]
    named = [text for one in people for text in (one.name, one.address)]
    return [mail.message_id, mail.subject, mail.text, mail.html, mail.snippet, *mail.headers, *mail.headers.values(),
            *files, *named]  # fmt: skip


def assert_storable(mail: Message) -> None:
    for text in texts_of(mail):
        text.encode()
        assert "\x00" not in text


def test_a_complete_mail_is_read_completely():
    mail = message.read(complete_mail().as_bytes())
    assert mail.from_ == Address("Müller, Jörg", "j@mueller.example")
    assert mail.sender == mail.reply_to[0] == Address("Ina Ö", "ina@mail.example")
    assert mail.to == (Address("", "a@shop.example"), Address("Büro", "b@shop.example"))
    assert mail.cc == (Address("", "c@shop.example"),)
    assert mail.subject.endswith("gefaltet werden muss")
    assert mail.message_id == "<1@mail.example>"
    assert mail.date == datetime(2026, 1, 2, 9, tzinfo=UTC)
    assert (mail.text, mail.html) == ("Hallo\n\nschöne Grüße", "<p>Hallo</p><p>schöne Grüße</p>")
    assert mail.snippet == "Hallo schöne Grüße"
    assert mail.headers["cc"] == "c@shop.example"
    (file,) = mail.attachments
    assert (file.name, file.content_type, file.content) == ("Rechnung Nr. 7 für Ä.pdf", "application/pdf", b"%PDF")
    assert not file.inline


def test_the_header_alone_gives_all_but_the_contents():
    raw = complete_mail().as_bytes()
    header, whole = message.read_header(raw.partition(b"\n\n")[0]), message.read(raw)
    assert (header.subject, header.sender, header.date) == (whole.subject, whole.sender, whole.date)
    assert (header.text, header.attachments) == ("", ())
    assert header.headers == whole.headers == message.read_header(raw).headers


def test_the_beginning_of_a_mail_is_read_as_far_as_it_goes():
    raw = complete_mail().as_bytes()
    beginning = message.read(raw[: raw.index(b"Hallo") + 3])
    assert (beginning.text, beginning.sender.address, beginning.attachments) == ("Hal", "ina@mail.example", ())
    assert message.read(raw[: raw.index(b"<p>Hallo") + 5]).html == "<p>Ha"
    for size in range(0, len(raw), 7):
        assert_storable(message.read(raw[:size]))


def test_a_picture_in_the_text_is_an_inline_attachment():
    raw = complete_mail()
    raw.add_attachment(b"GIF", maintype="image", subtype="gif", cid="<p1@x>", disposition="inline", filename="p.gif")
    picture = message.read(raw.as_bytes()).attachments[-1]
    assert (picture.inline, picture.content_id, picture.content) == (True, "p1@x", b"GIF")


def test_a_forwarded_mail_and_winmail_dat_are_attachments():
    raw, inner = complete_mail(), complete_mail()
    raw.add_attachment(inner)
    raw.add_attachment(b"x\x9f>\x22", maintype="application", subtype="ms-tnef", filename="winmail.dat")
    _, forwarded, winmail = message.read(raw.as_bytes()).attachments
    assert (forwarded.name, forwarded.content_type) == ("attachment-2.eml", "message/rfc822")
    assert message.read(forwarded.content).attachments == message.read(inner.as_bytes()).attachments
    assert (winmail.name, winmail.content) == ("winmail.dat", b"x\x9f>\x22")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "etc_passwd"),
        ("C:\\temp\\a.exe", "C_temp_a.exe"),
        ("a\x00b\n.pdf", "a\ufffdb .pdf"),
        ("rechnung\u202efdp.exe", "rechnung_fdp.exe"),
        ("...", "attachment-1.pdf"),
        ("x" * 500 + ".pdf", "x" * 146 + ".pdf"),
    ],
    ids=["climbs", "windows", "control", "reversed", "dots", "long"],
)
def test_a_file_name_cannot_lead_anywhere(name, safe):
    encoded = base64.b64encode(name.encode())
    mail = with_header(
        b"Content-Type: application/pdf", b"Content-Disposition: attachment; filename==?utf-8?b?" + encoded + b"?="
    )
    assert mail.attachments[0].name == safe


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (b"a@x.example", [("", "a@x.example")]),
        (b"<a@x.example>", [("", "a@x.example")]),
        (b"a@x.example (Ina Ott)", [("Ina Ott", "a@x.example")]),
        (b'"Ott, Ina" <a@x.example>, b@x.example', [("Ott, Ina", "a@x.example"), ("", "b@x.example")]),
        (b'"Ina \\"I.\\" Ott" <a@x.example>', [('Ina "I." Ott', "a@x.example")]),
        (b"=?utf-8?q?Ott=2C_Ina?= <a@x.example>", [("Ott, Ina", "a@x.example")]),
        (b"'Ina' <a@x.example>; b@x.example", [("Ina", "a@x.example"), ("", "b@x.example")]),
        (b"Team: a@x.example, b@x.example;", [("", "a@x.example"), ("", "b@x.example")]),
        (b"undisclosed-recipients:;", []),
        (b'"Ina <a@x.example>', [("Ina", "a@x.example")]),
        (b"Ina (((( <a@x.example>", [("Ina", "a@x.example")]),
        (b"Ina <a@x.example", [("Ina", "a@x.example")]),
        (b"J\xf6rg <a@x.example>", [("Jörg", "a@x.example")]),
        (b"J\xc3\xb6rg <j\xc3\xb6rg@x.example>", [("Jörg", "jörg@x.example")]),
        (b"a@x.example <a@x.example>", [("", "a@x.example")]),
        (b"Ina Ott", [("Ina Ott", "")]),
        (b",,;<>", []),
    ],
)
def test_addresses_are_read_as_people_write_them(field, expected):
    assert with_header(b"To: " + field).to == tuple(Address(*each) for each in expected)


def test_a_thousand_recipients_are_all_there():
    mail = with_header(b"To: " + b",\r\n ".join(b"Name %d <n%d@x.example>" % (n, n) for n in range(1000)))
    assert (len(mail.to), mail.to[999]) == (1000, Address("Name 999", "n999@x.example"))


def test_the_sender_is_from_where_reply_to_is_missing_or_no_address():
    for reply_to in (b"X: y", b"Reply-To: ", b"Reply-To: nobody"):
        assert with_header(b"From: Ina <a@x.example>", reply_to).sender == Address("Ina", "a@x.example")


def test_a_mail_that_says_nothing_about_itself_still_has_its_text():
    mail = message.read(b"\r\nHallo")
    assert (mail.text, mail.message_id, mail.subject, mail.date) == ("Hallo", "", "", None)
    assert mail.from_ == mail.sender == Address("", "")


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        (b"=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?UTF-8?B?R3LDvMOfZQ==?= aus =?iso-8859-1?q?K=F6ln?=", "Grüße aus Köln"),
        (b"=?utf-8?q?Gr=C3?=\r\n =?utf-8?q?=BC=C3=9Fe?=", "Grüße"),
        (b"=?utf-8*de?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?utf-8?b?R3LDvMOfZQ?=", "Grüße"),
        (b"=?x-unknown?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?utf-8?q?Gr=FC=DFe?=", "Grüße"),
        (b"=?punycode?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?utf-8?q?Wann? Wo??=", "Wann? Wo?"),
        (b"=?utf-8?x?abc?= =?utf-8?q?", "=?utf-8?x?abc?= =?utf-8?q?"),
        (b"Gr\xc3\xbc\xc3\x9fe", "Grüße"),
        (b"Gr\xfc\xdfe", "Grüße"),
        (b"a\x00b", "a\ufffdb"),
        (b"=?utf-7?q?+2AA-?=", "\ufffd"),
        (b"=?utf-8?q?a=0D=0AX:_b?=", "a X: b"),
    ],
)
def test_a_subject_is_read_however_it_is_encoded(subject, expected):
    assert with_header(b"Subject: " + subject).subject == expected


def test_repeated_and_folded_headers_are_kept():
    mail = with_header(b"Received: one", b"Received: two\r\n\tthree", b"SUBJECT: a", b"Subject: b", b"Empty:")
    assert mail.headers == {"received": "one\ntwo three", "subject": "a\nb", "empty": ""}
    assert mail.subject == "a"


def test_a_broken_line_in_the_header_harms_only_itself():
    mail = with_header(b"From alpha Mon Jan 1", b"Subject: a", b"what is this", b"To: x@y.example", b": nothing")
    assert (mail.subject, mail.to) == ("a", (Address("", "x@y.example"),))


def test_a_missing_blank_line_loses_no_text():
    assert message.read(b"Subject: a\r\nHallo,\r\nName: Max\r\n").text == "Hallo,\nName: Max"


def test_an_overlong_header_leaves_text_and_other_headers():
    mail = message.read(b"To: a@x.example\nSubject: " + b"x" * 20_000_000 + b"\nCc: z\n\nHallo")
    assert (mail.text, mail.to[0].address, mail.subject[:3]) == ("Hallo", "a@x.example", "xxx")


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        (b"Fri, 02 Jan 2026 10:00:00 -0500", datetime(2026, 1, 2, 15, tzinfo=UTC)),
        (b"2 Jan 2026 10:00", datetime(2026, 1, 2, 10, tzinfo=UTC)),
        (b"Fri, 02 Jan 2026 10:00:00 -0000 (unknown)", datetime(2026, 1, 2, 10, tzinfo=UTC)),
        (b"Fri, 32 Jan 2026 10:00:00 +0100", None),
        (b"Fri, 02 Jan 2026 25:99:00 +0100", None),
        (b"Fri, 31 Dec 9999 23:59:59 -2359", None),
        (b"gestern", None),
        (b"9" * 5000, None),
        (b"", None),
    ],
)
def test_a_date_is_read_or_missing(date, expected):
    assert with_header(b"Date: " + date).date == expected


@pytest.mark.parametrize(
    ("charset", "body"),
    [
        (b"utf-8", "Grüße ☃".encode()),
        (b"iso-8859-1", "Grüße ☃".encode()),
        (b"us-ascii", "Grüße ☃".encode()),
        (b"x-unknown", "Grüße ☃".encode()),
        (b"zip", "Grüße ☃".encode()),
        (b"\xff\x00", "Grüße ☃".encode()),
        (b"utf-16", "Grüße ☃".encode("utf-16")),
        (b"utf-8", "Grüße ☃".encode("utf-16-be").join([b"\xfe\xff", b""])),
        (b"gb18030", "Grüße ☃".encode("gb18030")),
        (b"utf-7", "Grüße ☃".encode("utf-7")),
    ],
)
def test_a_text_is_read_also_under_a_wrong_label(charset, body):
    assert with_header(b"Content-Type: text/plain; charset=" + charset, body=body).text == f"Grüße {SNOWMAN}"


@pytest.mark.parametrize("charset", [b"utf-8", b"us-ascii", b"iso-8859-1", b"no-such", b""])
def test_western_bytes_are_read_whatever_they_claim(charset):
    body = "Grüße für 5 €".encode("cp1252")
    assert with_header(b"Content-Type: text/plain; charset=" + charset, body=body).text == "Grüße für 5 €"


def test_a_character_cut_at_the_end_spoils_nothing_before_it():
    assert with_header(b"Subject: a", body="Grüße ☃".encode()[:-1]).text == "Grüße \ufffd"


@pytest.mark.parametrize(
    ("encoding", "body", "text"),
    [
        (b"base64", b"R3LDvMOfZQ", "Grüße"),
        (b"BASE64 ", b"R3LD\r\nvMOf!ZQ==\r\n", "Grüße"),
        (b"base64", b"R3LDvMOfZQ==R", "Grüße"),
        (b"quoted-printable", b"Gr=C3=BC=\r\n=C3=9Fe=", "Grüße"),
        (b"quoted-printable", b"50=% =ZZ", "50=% =ZZ"),
        (b"x-uuencode", b"begin 644 a\r\n'1W+#O,.?90``\r\n`\r\nend\r\n", "Grüße"),
        (b"8bit", "Grüße".encode(), "Grüße"),
        (b"no-such", b"Hallo", "Hallo"),
    ],
)
def test_a_body_is_decoded_as_far_as_it_can_be(encoding, body, text):
    assert with_header(b"Content-Transfer-Encoding: " + encoding, body=body).text == text


def test_base64_rubbish_is_no_error():
    assert_storable(with_header(b"Content-Transfer-Encoding: base64", body=b"\x00\xff===!!a\r\n" * 100))


def test_null_bytes_and_lone_surrogates_are_replaced():
    mail = with_header(b"Content-Type: text/plain; charset=utf-7", body=b"a\x00b +2AA-")
    assert mail.text == "a\ufffdb \ufffd"
    assert with_header(b"Subject: x", body=b"a\xed\xa0\x80\x00").text.endswith("\ufffd")
    assert_storable(mail)


def test_flowed_lines_are_one_paragraph():
    body = b"Eine Zeile, \r\ndie weitergeht.\r\n\r\n From here\r\n-- \r\nIna"
    mail = with_header(b"Content-Type: text/plain; format=flowed", body=body)
    assert mail.text == "Eine Zeile, die weitergeht.\n\nFrom here\n-- \nIna"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>Eins</p><p>Zwei<br>Drei</p>", "Eins\n\nZwei\nDrei"),
        ("<ul><li>a<li>b</ul>", "- a\n- b"),
        (
            "<table><tr><td>Name:</td><td>Max</td></tr><tr><td>A</td><td>B</td><td>C</td></tr></table>",
            "Name: Max\nA | B | C",
        ),
        ("<table><tr><td><table><tr><td>a<tr><td>c</table><td>b</table>", "a\nc\nb"),
        ("<style>p{}</style><script>x('<p>')</script><title>t</title>Hallo<!-- no -->!", "Hallo!"),
        ("5 &lt; 6 &amp; 7 < 8 &uuml;&#8364;&#x1F600;&#99999999999;&nope;", "5 < 6 & 7 < 8 ü€😀&#99999999999;&nope;"),
        ("<div style='display:none'>vorab</div>Text", "Text"),
        ("<blockquote type=cite>alt</blockquote>neu", "> alt\n\nneu"),
        ("<pre>a\n\nb</pre>", "a\n\nb"),
        ("a <a title='x>y' href=\"z\">b</a> c", "a b c"),
        ("Hal\xadlo\xa0\u200bMax<unclosed", "Hallo Maxunclosed"),
        ("<p>a<hr>b", "a\n\n---\n\nb"),
    ],
)
def test_a_mail_of_html_alone_gets_readable_text(source, text):
    assert html(source) == text


def test_a_mail_without_html_has_none():
    assert with_header(b"Subject: a").html == ""


def test_an_empty_plain_part_does_not_hide_the_html():
    mail = EmailMessage()
    mail.set_content(" \n")
    mail.add_alternative("<p>Hallo</p>", subtype="html")
    assert message.read(mail.as_bytes()).text == "Hallo"


def test_texts_around_a_file_belong_together():
    raw = (
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\neins\n--b\nContent-Type: image/png\n\nx\n--b \n"
        b"Content-Type: text/plain\n\nzwei\n--b--\nepilogue"
    )
    mail = message.read(raw)
    assert (mail.text, [each.name for each in mail.attachments]) == ("eins\n\nzwei", ["attachment-1.png"])


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"Content-Type: multipart/mixed\n\n--b\n\nHallo\n--b--", id="no boundary named"),
        pytest.param(b"Content-Type: multipart/mixed; boundary=zzz\n\nHallo", id="boundary never comes"),
        pytest.param(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHallo", id="never closed"),
        pytest.param(
            b"Content-Type: multipart/mixed; boundary=b\n\n--b\n"
            b"Content-Type: multipart/alternative; boundary=b\n\n--b\n\nHallo\n--b--",
            id="the same boundary twice",
        ),
        pytest.param(
            b"Content-Type: multipart/mixed; boundary=a\n\n--a\n"
            b"Content-Type: multipart/mixed; boundary=zz\n\nHallo\n--a--",
            id="inner boundary never comes",
        ),
        pytest.param(b'Content-Type: ;;;="\n\nHallo', id="content type of nonsense"),
    ],
)
def test_broken_multiparts_keep_their_text(raw):
    assert message.read(raw).text == "Hallo"


def test_ten_thousand_nested_multiparts_are_read_without_recursion():
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(10_000))
    assert_storable(message.read(nested + b"\n\nHallo"))
    few = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3_000))
    assert message.read(few + b"\nHallo").text == "Hallo"


def test_a_line_of_twenty_megabytes_is_cut():
    mail = message.read(b"Subject: x\n\n" + b"a" * 20_000_000)
    assert (mail.text, len(mail.snippet)) == ("a" * message.LONGEST_TEXT, message.SNIPPET)


def test_a_file_of_twenty_megabytes_comes_whole():
    content = bytes(range(256)) * 80_000
    mail = complete_mail()
    mail.add_attachment(content, maintype="application", subtype="zip", filename="a.zip")
    assert message.read(mail.as_bytes()).attachments[-1].content == content


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("a.pdf", b'attachment; filename="a.pdf"'),
        ("a;b.pdf", b'attachment; filename="a;b.pdf"; size=3'),
        ("Ä.pdf", b"attachment; filename*=utf-8''%C3%84.pdf; filename=A.pdf"),
        ("Äb.pdf", b"attachment; filename*0*=utf-8''%C3%84; filename*1=b.pdf"),
        ("Ä.pdf", "attachment; filename=Ä.pdf".encode()),
        ("A.pdf", b"attachment; filename*=no-such''A.pdf"),
        ("attachment-1", b'attachment; filename="'),
        ("attachment-1", b"attachment; filename*x*y=;;="),
    ],
)
def test_a_file_name_is_read_however_it_is_written(name, value):
    mail = with_header(b"Content-Type: application/x-thing", b"Content-Disposition: " + value)
    assert mail.attachments[0].name == name


@given(st.binary(max_size=2000))
def test_any_bytes_are_a_mail(raw):
    assert_storable(message.read(raw))
    assert_storable(message.read_header(raw))


VALID = [complete_mail().as_bytes(), *(path.read_bytes() for path in sorted(FORMS.glob("*.eml")))]
SPLINTERS = st.sampled_from(
    [b"\x00", b"\xff\xfe", b"\n\n", b"\r", b"=?utf-8?b?", b"?=", b"--", b'"', b"(", b"<", b"&#", b"=?utf-7?q?+2AA-?=",
     b"charset=utf-7", b"charset=punycode", b"+2AA-", b"\xed\xa0\x80", b"boundary=", b"base64", b"<!--", b"=",
     b"filename*0*=utf-7''%ff"]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(VALID), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), SPLINTERS | st.binary(max_size=5)))
)
def test_a_damaged_mail_is_still_a_mail(raw, damages):
    for place, gone, put in damages:
        start = int(place * len(raw))
        raw = raw[:start] + put + raw[start + gone :]
    assert_storable(message.read(raw))
    assert_storable(message.read_header(raw))
