"""What `webhook.catch` makes of deliveries, through the engine's own calls. Over HTTP: tests/web/test_hooks.py."""

import base64
import hmac
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from connectors.webhook import webhook
from engine import texts
from zapwerk import Delivery, InvalidInput, PermanentFailure
from zapwerk.testing import Harness, standard_checks

SECRET = "a secret of the shop"
BODY = b'{"n": 1}'


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with closing(Harness(webhook)) as opened:
        yield opened


def caught(harness: Harness, body: bytes, content_type: str, **headers: str) -> Any:
    delivery = Delivery("POST", headers, {}, body, content_type)
    (record,) = harness.deliver("catch", delivery)
    return record


def signed(**agreed: str) -> closing[Harness]:
    return closing(Harness(webhook, signed={"secret": SECRET, **agreed}))


def accepts(agreed: Harness, signature: str, header: str = "x-hub-signature-256", body: bytes = BODY) -> bool:
    try:
        caught(agreed, body, "application/json", **{header: signature})
    except PermanentFailure:
        return False
    return True


@pytest.mark.parametrize(
    ("body", "content_type", "value"),
    [
        (b'{"a": [1, null]}', "application/json", {"a": [1, None]}),
        (b"\xef\xbb\xbf[1]", "application/json; charset=utf-8", [1]),
        (b'"just text"', "application/hal+json", "just text"),
        (b"a=1&a=2&b=&c=%C3%BC", "application/x-www-form-urlencoded", {"a": ["1", "2"], "b": "", "c": "ü"}),
        ("Grüße".encode("cp1252"), "text/plain; charset=windows-1252", "Grüße"),
        ("Grüße".encode(), "text/plain; charset=unheard-of", "Grüße"),
        (b"<a/>", "application/soap+xml", "<a/>"),
        (b'{"a": 1}', "", {"a": 1}),
        (b"{no json", "", "{no json"),
        (b'{"a": 1}', "text/plain", '{"a": 1}'),
        (b"", "application/json", None),
    ],
)
def test_a_body_is_read_as_its_content_type_says(harness: Harness, body: bytes, content_type: str, value: Any) -> None:
    assert caught(harness, body, content_type).body == value


@pytest.mark.parametrize("number", ["1e999", "-1E400", "Infinity", "NaN", "9" * 5000])
def test_a_number_that_cannot_be_kept_is_refused(harness: Harness, number: str) -> None:
    with pytest.raises(InvalidInput, match="no JSON that can be kept"):
        caught(harness, f'{{"price": [{number}]}}'.encode(), "application/json")


def test_a_body_that_is_a_file_is_kept_as_one(harness: Harness) -> None:
    record = caught(harness, b"\x89PNG\r\n", "image/png")
    assert record.body is None
    assert [(file.content_type, file.size) for file in record.files] == [("image/png", 6)]


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_too_long_for_a_value_is_kept_as_a_file(harness: Harness, content_type: str) -> None:
    body = b"[" + b"[]," * 400_000 + b"[]]"
    record = caught(harness, body, content_type)
    assert record.body is None
    assert [file.size for file in record.files] == [len(body)]


def test_every_file_of_a_form_is_told_apart(harness: Harness) -> None:
    parts = (
        b'--b\r\nContent-Disposition: form-data; name="note"\r\n\r\nline 1\r\nline 2\r\n'
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="a \\"b\\".txt"\r\n\r\n\r\n\r\n'
        b"--b\r\nContent-Disposition: form-data; name=\"f\"; filename*=UTF-8''%C3%BC.txt\r\n"
        b"Content-Type: text/plain\r\n\r\ntwo\r\n--b--\r\n"
    )
    record = caught(harness, parts, "multipart/form-data; boundary=b")
    assert record.body["note"] == "line 1\r\nline 2"
    assert [file.name for file in record.files] == ['a "b".txt', "ü.txt"]
    assert [file["size"] for file in record.body["f"]] == [2, 3]


def test_a_form_with_too_many_parts_is_refused(harness: Harness) -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="f"\r\n\r\nx\r\n'
    with pytest.raises(InvalidInput, match="more than 1,000 fields"):
        caught(harness, part * 1001 + b"--b--\r\n", "multipart/form-data; boundary=b")
    with pytest.raises(InvalidInput, match="more than 1,000 fields"):
        caught(harness, b"&".join([b"a=1"] * 1001), "application/x-www-form-urlencoded")


@pytest.mark.parametrize("algorithm", ["sha256", "sha1", "sha512"])
def test_a_signature_of_the_body_is_believed_in_hexadecimal_and_in_base64(algorithm: str) -> None:
    digest = hmac.digest(SECRET.encode(), BODY, algorithm)
    with signed(algorithm=algorithm) as agreed:
        assert accepts(agreed, digest.hex())
        assert accepts(agreed, f"{algorithm}={digest.hex()}")
        assert accepts(agreed, base64.b64encode(digest).decode())
        assert not accepts(agreed, digest.hex(), body=BODY + b" ")
        assert not accepts(agreed, hmac.digest(b"another secret", BODY, algorithm).hex())
        assert not accepts(agreed, "")


def test_a_timestamped_signature_is_believed_while_it_is_fresh() -> None:
    def signature(moment: float) -> str:
        stamped = f"{int(moment)}.".encode() + BODY
        return f"t={int(moment)}, v1=0000, v1={hmac.digest(SECRET.encode(), stamped, 'sha256').hex()}"

    with signed(way="timestamped", header="Stripe-Signature") as agreed:
        assert accepts(agreed, signature(time.time()), "stripe-signature")
        assert not accepts(agreed, signature(time.time() - 400), "stripe-signature")
        assert not accepts(agreed, signature(time.time() + 400), "stripe-signature")
        moved = signature(time.time()).replace("t=1", "t=2", 1)
        assert not accepts(agreed, moved, "stripe-signature")
        assert not accepts(agreed, "t=,v1=", "stripe-signature")


def test_a_secret_that_is_sent_itself_is_compared_and_not_kept() -> None:
    with signed(way="token", header="X-Shop-Token") as agreed:
        record = caught(agreed, BODY, "application/json", **{"x-shop-token": SECRET})
        assert "x-shop-token" not in record.headers
        assert not accepts(agreed, SECRET + " ", "x-shop-token")


def test_it_passes_the_standard_checks_and_speaks_german() -> None:
    standard_checks(webhook)
    assert texts.missing(webhook, "de") == []
    assert texts.names_nothing(webhook, "de") == []
