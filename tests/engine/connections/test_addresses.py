"""Private networks are closed unless the owner allowed the host as typed; metadata services always are."""

import socket

import pytest

from engine.connections.addresses import AddressRefused, Guard, connect
from engine.sdk.errors import PermanentFailure

PRIVATE = [
    "127.0.0.1", "127.8.9.1", "10.0.0.5", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.1.1", "100.64.0.1",
    "0.0.0.0", "0.1.2.3", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.0.0.1", "192.0.2.1",
    "198.18.0.1", "198.51.100.1", "203.0.113.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1",
    "ff02::1", "fec0::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "2002:c0a8:101::", "::127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::c0a8:101", "64:ff9b:1::1", "2001:db8::1", "2001:0:7f00:1::1", "100::1",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1",
    "93.184.216.34",
    "100.63.0.1",
    "172.32.0.1",
    "2606:4700::1111",
    "::ffff:1.1.1.1",
    "64:ff9b::101:101",
]
METADATA = [
    "169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "fd00:ec2::254",
    "100.100.100.200", "168.63.129.16", "192.0.0.192",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_refused_with_what_to_do(address):
    refusal = Guard().refusal("nas.example", 80, address)
    assert isinstance(refusal, PermanentFailure)
    assert "ZAPWERK_ALLOW_PRIVATE_HOSTS=nas.example" in str(refusal)
    assert (refusal.host, refusal.may_be_allowed) == ("nas.example", True)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_open(address):
    assert Guard().refusal("shop.example", 443, address) is None


@pytest.mark.parametrize("address", METADATA)
def test_metadata_services_are_never_reached_even_if_allowed(address):
    refusal = Guard(frozenset({"x.example", address})).refusal("x.example", 80, address)
    assert refusal is not None
    assert not refusal.may_be_allowed
    assert "ZAPWERK" not in str(refusal)


def test_metadata_names_are_refused_wherever_they_lead():
    assert (
        Guard(frozenset({"metadata.google.internal"})).refusal("Metadata.Google.Internal.", 80, "1.1.1.1") is not None
    )


@pytest.mark.parametrize(
    ("allowed", "host", "port"),
    [
        ("nas.local", "NAS.local", 80),
        ("NAS.local", "nas.local.", 80),
        ("nas.local:8080", "nas.local", 8080),
        ("10.0.0.5", "10.0.0.5", 1),
        ("::1", "[::1]", 1),
        ("[::1]:143", "::1", 143),
    ],
)
def test_an_allowed_host_is_reached_as_typed(allowed, host, port):
    assert Guard(frozenset({allowed})).refusal(host, port, "10.0.0.5") is None


@pytest.mark.parametrize(
    ("allowed", "host", "port"),
    [("nas.local:8080", "nas.local", 81), ("nas.local", "evil.nas.local", 80), ("10.0.0.5", "other.example", 80)],
    ids=["another port", "another name", "the same address under another name"],
)
def test_allowing_one_host_allows_no_other(allowed, host, port):
    assert Guard(frozenset({allowed})).refusal(host, port, "10.0.0.5") is not None


@pytest.mark.parametrize(
    "host", ["localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "::ffff:127.0.0.1"]
)
def test_odd_spellings_of_this_machine_are_refused(host):
    with pytest.raises(AddressRefused):
        connect(host, 80, timeout=1, guard=Guard())


def test_a_name_with_public_and_private_addresses_leads_to_the_public_ones(monkeypatch):
    infos = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in ("10.0.0.1", "1.1.1.1", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: infos)
    assert [info[4][0] for info in Guard().pick("two.example", 80)] == ["1.1.1.1"]


def test_an_allowed_host_is_connected_to_and_keeps_the_timeout():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with connect("localhost", port, timeout=7, guard=Guard(frozenset({f"localhost:{port}"}))) as sock:
            assert sock.getpeername()[1] == port
            assert sock.gettimeout() == 7


def test_the_name_is_resolved_only_once(monkeypatch):
    asked, resolve = [], socket.getaddrinfo

    def counted(*args, **options):
        asked.append(args[0])
        return resolve(*args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", counted)
    with socket.create_server(("127.0.0.1", 0)) as server:
        connect("localhost", server.getsockname()[1], timeout=5, guard=Guard(frozenset({"localhost"}))).close()
    assert asked == ["localhost"]


def test_nobody_listening_is_an_os_error():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        with pytest.raises(OSError, match="refused"):
            connect("127.0.0.1", probe.getsockname()[1], timeout=2, guard=Guard(frozenset({"127.0.0.1"})))
