"""Searches as people type them: what is sent, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.mail import criteria
from zapwerk import InvalidInput


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("unseen", b"UNSEEN"),
        ("FROM shop.example", b'FROM "shop.example"'),
        ('SUBJECT "neue Anfrage" UNANSWERED', b'SUBJECT "neue Anfrage" UNANSWERED'),
        ('SUBJECT "sagt \\"ja\\""', b'SUBJECT "sagt \\"ja\\""'),
        ("OR FROM a (TO b SINCE 1-Mar-2026)", b'OR FROM "a" (TO "b" SINCE 1-Mar-2026)'),
        ("NOT (SEEN)", b"NOT (SEEN)"),
        ("HEADER List-Id x LARGER 1000", b'HEADER "List-Id" "x" LARGER 1000'),
        ("KEYWORD $Label1", b"KEYWORD $Label1"),
        ("(SUBJECT für)", "(SUBJECT für ALL)".encode()),
    ],
)
def test_a_search_is_sent_as_it_was_meant(text, sent):
    assert b" ".join(criteria.read(text)) == sent


def test_words_that_are_not_ascii_travel_as_literals():
    assert isinstance(criteria.read("SUBJECT Geländer")[1], criteria.Literal)


@pytest.mark.parametrize(
    "text",
    [
        "", "hello", "UID 1:*", "1:*", "FROM", "(SEEN", "SEEN)", 'FROM "open', "SINCE yesterday", "LARGER big",
        "KEYWORD (x)", "SEEN\r\nA1 DELETE INBOX", "FROM {5}\n", "()", "NOT", "OR SEEN", "(" * 500 + "SEEN" + ")" * 500,
        "SUBJECT \ud800", "X-GM-RAW", "RETURN (SAVE) SEEN", "CHARSET UTF-8 SEEN", "SEEN\x00",
    ],
)  # fmt: skip
def test_what_is_no_search_is_refused_at_its_field(text):
    with pytest.raises(InvalidInput) as caught:
        criteria.read(text)
    assert caught.value.field == "search"


@given(st.text(max_size=60))
def test_no_text_whatever_can_end_the_command_it_is_in(text):
    for read in (criteria.read, criteria.gmail):
        try:
            parts = read(text)
        except InvalidInput:
            continue
        assert not any(byte < 32 for part in parts for byte in part)


def test_a_query_for_gmail_is_one_quoted_word():
    assert criteria.gmail('from:a "b c"') == [b"X-GM-RAW", b'"from:a \\"b c\\""']
