"""Where a request may go: private, metadata and rebinding addresses, redirects, and what is no address of the web."""

import socket

import pytest

from engine.connections.addresses import Guard
from engine.store.states import RunState
from tests.connectors.http.benches import HttpBench, moved, service
from tests.engine.benches import in_a_loop
from tests.engine.connections.servers import Line, Raw, raw

THIS_MACHINE = [
    "127.0.0.1", "localhost", "0x7f000001", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::1]", "0.0.0.0", "LOCALHOST",
]  # fmt: skip
UNUSUAL = ["2130706433", "0177.0.0.1", "127.1", "127.0.0.1.", "2852039166"]  # numbers that libraries read as addresses
METADATA = ["169.254.169.254", "[::ffff:169.254.169.254]", "0xa9fea9fe", "metadata.google.internal"]


async def listening(server: Raw, line: Line) -> None:
    server.requests.append(await line.request())


@pytest.mark.parametrize("host", THIS_MACHINE)
@in_a_loop
async def test_a_private_address_is_refused_however_it_is_written(strict: HttpBench, host: str):
    async with raw(listening) as server:
        run = await strict.sent(method="POST", url=f"http://{host}:{server.port}/")
        assert server.lines == []
    assert run.state == RunState.FAILED
    assert "is in a private network" in run.problem
    assert f"ZAPWERK_ALLOW_PRIVATE_HOSTS={host.strip('[].').lower()}" in run.problem


@pytest.mark.parametrize("host", UNUSUAL)
@in_a_loop
async def test_a_number_that_is_no_written_address_is_refused(bench: HttpBench, host: str):
    async with raw(listening) as server:
        run = await bench.sent(method="POST", url=f"http://{host}:{server.port}/")
        assert server.lines == []
    assert run.state == RunState.FAILED
    assert "web" in run.problem


@pytest.mark.parametrize("method", ["GET", "POST"])
@in_a_loop
async def test_a_host_that_the_owner_listed_is_asked(bench: HttpBench, method: str):
    async with service() as there:
        run = await bench.sent(method=method, url=there.url)
    assert run.state == RunState.SUCCEEDED


@in_a_loop
async def test_listing_one_host_opens_no_other_name_of_the_same_machine(bench: HttpBench):
    async with service() as there:
        run = await bench.sent(url=there.url.replace("127.0.0.1", "localhost"))
        assert there.seen == []
    assert "“localhost” is in a private network" in run.problem


@pytest.mark.parametrize("host", METADATA)
@in_a_loop
async def test_metadata_services_are_never_asked(bench: HttpBench, monkeypatch: pytest.MonkeyPatch, host: str):
    knows_the_name(monkeypatch, "metadata.google.internal", "169.254.169.254")
    run = await bench.sent(url=f"http://{host}/latest/meta-data/")
    assert run.state == RunState.FAILED
    assert "hands out the secrets of the machine" in run.problem
    assert "ZAPWERK_ALLOW" not in run.problem


@in_a_loop
async def test_a_name_that_first_leads_to_a_public_and_then_to_a_private_address_is_refused(
    strict: HttpBench, monkeypatch: pytest.MonkeyPatch
):
    knows_the_name(monkeypatch, "rebinds.example", "93.184.216.34", "127.0.0.1")
    async with raw(listening) as server:
        first = Guard().pick("rebinds.example", server.port)
        run = await strict.sent(url=f"http://rebinds.example:{server.port}/")
        assert server.lines == []
    assert first[0][4][0] == "93.184.216.34"
    assert "“rebinds.example” is in a private network" in run.problem


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("http://localhost:{port}/admin", "is in a private network"),
        ("http://[::ffff:127.0.0.1]:{port}/", "is in a private network"),
        ("http://169.254.169.254/latest/", "hands out the secrets"),
        ("ftp://127.0.0.1/x", "no address of a web service"),
        ("file:///etc/passwd", "no address of a web service"),
        ("http://user:pw@127.0.0.1:{port}/", "a user name in it"),
        ("/", "in a circle"),
    ],
    ids=["private name", "mapped address", "metadata", "ftp", "file", "credentials", "circle"],
)
@in_a_loop
async def test_a_redirect_is_checked_like_the_address_itself(bench: HttpBench, to: str, words: str):
    async with service() as there:
        target = to.format(port=there.url.rpartition(":")[2])
        there.next(*(moved(target) for _ in range(10)))
        run = await bench.sent(url=f"{there.url}/start")
        followed = len(there.seen) - 1
    assert run.state == RunState.FAILED
    assert words in run.problem
    assert followed == (5 if to == "/" else 0)


@in_a_loop
async def test_a_read_follows_redirects_to_where_they_end(bench: HttpBench):
    async with service() as there:
        there.next(moved("/second", 301), moved("/third", 307))
        run = await bench.sent(url=f"{there.url}/first")
    assert [one.path for one in there.seen] == ["/first", "/second", "/third"]
    assert bench.output(run)["url"] == f"{there.url}/third"


@in_a_loop
async def test_typed_secrets_do_not_follow_a_redirect_to_another_origin(bench: HttpBench):
    async with service() as other, service() as there:
        there.next(moved(f"{other.url}/landed"))
        await bench.sent(url=there.url, headers={"Authorization": "Bearer typed", "Cookie": "s=1", "X-Own": "typed"})
    assert other.last.path == "/landed"
    assert "typed" not in repr(other.last)
    assert "cookie" not in other.last.headers


@pytest.mark.parametrize("status", [301, 302, 303])
@in_a_loop
async def test_a_write_that_is_redirected_fails_and_says_where_to(bench: HttpBench, status: int):
    async with service() as there:
        there.next(moved("/elsewhere", status))
        run = await bench.sent(method="POST", url=there.url, body={"a": 1})
    assert run.state == RunState.FAILED
    assert f"{status} and points to /elsewhere" in run.problem
    assert len(there.seen) == 1


@pytest.mark.parametrize("status", [307, 308])
@in_a_loop
async def test_a_write_is_sent_on_unchanged_where_the_status_asks_for_it_within_one_origin(
    bench: HttpBench, status: int
):
    async with service() as there:
        there.next(moved("/elsewhere", status))
        run = await bench.sent(method="PUT", url=there.url, body={"a": 1})
    assert run.state == RunState.SUCCEEDED
    assert [(one.method, one.path, one.body) for one in there.seen] == [
        ("PUT", "/", b'{"a":1}'),
        ("PUT", "/elsewhere", b'{"a":1}'),
    ]
    assert there.keys[0] == there.keys[1] is not None


@pytest.mark.parametrize("status", [307, 308])
@in_a_loop
async def test_a_write_is_never_sent_on_to_another_origin(bench: HttpBench, status: int):
    async with service() as other, service() as there:
        there.next(moved(f"{other.url}/landed", status))
        run = await bench.sent(method="POST", url=there.url, body={"a": 1})
        assert other.seen == []
    assert run.state == RunState.FAILED
    assert f"{other.url}/landed" in run.problem


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://example.com/x", "begins with “ftp:”"),
        ("file:///etc/passwd", "begins with “file:”"),
        ("FILE:/etc/passwd", "begins with “file:”"),
        ("gopher://example.com/", "begins with “gopher:”"),
        ("data:text/plain,x", "begins with “data:”"),
        ("example.com/x", "must begin with “https://”"),
        ("localhost:8080/x", "must begin with “https://”"),
        ("//example.com/x", "must begin with “https://”"),
        ("https://", "names no host"),
        ("http://[::1", "not a web address"),
        ("http://example.com:99999/", "ports are numbers"),
        ("https://user:hidden@example.com/", "holds a user name or password"),
        ("https://hidden@example.com/", "holds a user name or password"),
        ("https://example.com\\@hidden.example/", "holds a user name or password"),
        ("https://example.com/" + "x" * 9000, "too long"),
    ],
)
@in_a_loop
async def test_what_is_no_address_of_the_web_is_refused_with_the_reason(bench: HttpBench, url: str, words: str):
    run = await bench.sent(url=url)
    assert (run.state, run.field) == (RunState.FAILED, "url")
    assert words in run.problem
    assert "hidden" not in run.problem


def knows_the_name(monkeypatch: pytest.MonkeyPatch, name: str, *addresses: str) -> None:
    """The name leads to the first address when it is asked for the first time, and so on; the last one stays."""
    known, left = socket.getaddrinfo, list(addresses)

    def resolve(host, port, *more, **options):
        if host != name:
            return known(host, port, *more, **options)
        address = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
