"""The load generator's and the sink's HTTP: messages survive however the network cuts them."""

import pytest

from benchmarks.http1 import BadMessage, Reader, answer, request

TWO = request("POST", "/hooks/a", "127.0.0.1:80", b'{"id": "1"}') + answer(202, b'{"run": "2"}')


@pytest.mark.parametrize("size", [1, 2, 7, 40, len(TWO)])
def test_messages_are_the_same_however_they_are_cut(size: int):
    reader = Reader()
    pieces = [TWO[start : start + size] for start in range(0, len(TWO), size)]
    asked, answered = [message for piece in pieces for message in reader.feed(piece)]
    assert (asked.path, asked.body) == ("/hooks/a", b'{"id": "1"}')
    assert (answered.status, answered.body) == (202, b'{"run": "2"}')


def test_a_message_without_a_body_is_complete_with_its_head():
    (found,) = Reader().feed(b"GET /state HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (found.path, found.body) == ("/state", b"")


def test_the_last_answer_of_a_connection_is_told_by_its_head():
    (found,) = Reader().feed(b"HTTP/1.1 503 -\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    assert found.closes


@pytest.mark.parametrize(
    "head",
    [b"POST / HTTP/1.1\r\nHost: x", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"],
    ids=["no length", "chunked"],
)
def test_what_it_cannot_cut_is_refused(head: bytes):
    with pytest.raises(BadMessage):
        list(Reader().feed(head + b"\r\n\r\n"))
