"""The load generator and the sink, each as the process it is: every request and every effect is counted."""

import json
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks import load, sink
from benchmarks.load import BODY_SIZE, Order, body_of
from benchmarks.sink import Sink
from tests import plain
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def running() -> Iterator[Sink]:
    with sink.running() as found:
        yield found


@pytest.fixture
def shop(running: Sink) -> Sink:
    """The sink, with nothing in its book and its best manners."""
    running.behave()
    running.forget()
    return running


def test_every_request_is_sent_once_and_noted(shop: Sink, tmp_path: Path):
    note = tmp_path / "noted"
    told = load.ended(load.begun(Order(f"{shop.url}/any", 40, connections=7), note))
    shots = load.noted(note)
    assert (told["requests"], told["accepted"], told["statuses"], told["faults"]) == (40, 40, {"200": 40}, {})
    assert {name: arrived.times for name, arrived in shop.effects().items()} == {f"r{n:07d}": 1 for n in range(40)}
    assert Counter(shot.id for shot in shots) == Counter(list(shop.effects()))
    assert all(shot.due <= shop.effects()[shot.id].first <= shot.answered for shot in shots)


def test_a_body_has_the_promised_size_and_its_id():
    assert len(body_of("r0000001")) == BODY_SIZE
    assert json.loads(body_of("r0000001"))["id"] == "r0000001"


def test_with_a_rate_requests_are_due_at_even_distances_and_none_is_early(shop: Sink, tmp_path: Path):
    note = tmp_path / "noted"
    load.ended(load.begun(Order(shop.url, 10, connections=2, rate=100.0), note))
    due = [shot.due for shot in sorted(load.noted(note))]
    assert [round(later - earlier, 6) for earlier, later in pairwise(due)] == [0.01] * 9
    assert all(arrived.first >= moment for arrived, moment in zip(_in_order(shop), due, strict=True))


def test_what_is_refused_counts_as_refused_and_not_as_an_effect(shop: Sink, tmp_path: Path):
    shop.behave(status=503)
    told = load.ended(load.begun(Order(shop.url, 5, connections=2), tmp_path / "noted"))
    assert (told["accepted"], told["statuses"], told["resent"]) == (0, {"503": 5}, 0)
    assert shop.state()["effects"] == 0


def test_what_got_no_good_answer_is_sent_again_with_its_id(shop: Sink, tmp_path: Path):
    shop.behave(status=503)
    loading = load.begun(Order(shop.url, 5, connections=2, resend=30.0), tmp_path / "noted")
    wait_until(lambda: shop.state()["refused"])
    shop.behave()
    told = load.ended(loading)
    assert (told["accepted"], told["statuses"]) == (5, {"200": 5})
    assert told["resent"] > 0
    assert {arrived.times for arrived in shop.effects().values()} == {1}


def test_an_answer_that_gets_lost_means_that_the_request_comes_twice(shop: Sink, tmp_path: Path):
    told = load.ended(load.begun(Order(shop.url, 6, connections=1, hang_up=3), tmp_path / "noted"))
    assert (told["accepted"], told["faults"]) == (6, {"hung up": 2})
    assert [arrived.times for arrived in _in_order(shop)] == [2, 1, 1, 2, 1, 1]


def test_a_server_that_dies_and_comes_back_gets_everything(tmp_path: Path):
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        port = listening.getsockname()[1]
        loading = load.begun(Order(f"http://127.0.0.1:{port}", 5, connections=2, resend=30.0), tmp_path / "noted")
        listening.accept()[0].close()
    with sink.running(port) as late:
        told = load.ended(loading)
        assert late.state()["effects"] == told["accepted"] == 5
    assert told["faults"]


def test_an_effect_that_comes_twice_is_counted_twice(shop: Sink):
    for _ in range(2):
        plain.post(shop.url, content=body_of("r1")).raise_for_status()
    assert [shop.state()[name] for name in ("different", "effects")] == [1, 2]
    assert shop.effects()["r1"].times == 2


def test_held_answers_are_given_when_the_manners_change(shop: Sink, tmp_path: Path):
    shop.behave(hold=60.0)
    loading = load.begun(Order(shop.url, 5, connections=5), tmp_path / "noted")
    wait_until(lambda: shop.state()["held"] == 5)
    assert shop.state()["effects"] == 5
    assert loading.poll() is None
    shop.behave()
    assert load.ended(loading)["accepted"] == 5


def test_what_is_no_effect_is_refused(shop: Sink):
    assert plain.post(shop.url, content=b"[]").status_code == 400
    assert shop.state()["effects"] == 0


def _in_order(shop: Sink) -> list[sink.Arrived]:
    return [arrived for _, arrived in sorted(shop.effects().items())]
