"""Keeps connectors out of private networks and cloud metadata, unless the owner allowed that host.

The check is made on the address that a socket is about to connect to, never on the name: odd spellings of addresses,
redirects, and names that resolve differently a second time (DNS rebinding) all end here. `wire` uses it for HTTP,
`connect` is what blocking connectors have as `ctx.connect`.
"""

import ipaddress
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.sdk.errors import PermanentFailure

SETTING = "ZAPWERK_ALLOW_PRIVATE_HOSTS"

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
AddressInfo = tuple[int, int, int, str, Any]  # as `socket.getaddrinfo` gives it

# Where clouds hand out the credentials of the machine itself. Some lie in public ranges, so they are listed.
METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "169.254.169.254",  # most clouds
        "169.254.170.2",  # containers at AWS
        "169.254.170.23",
        "169.254.169.253",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",  # Google, IPv6
        "100.100.100.200",  # Alibaba
        "168.63.129.16",  # Azure
        "192.0.0.192",  # Oracle
    )
)
METADATA_NAMES = frozenset({"metadata.google.internal", "metadata.goog", "metadata", "instance-data"})

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_CLOSED = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # shared by carriers (CGNAT)
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "240.0.0.0/4",
        "64:ff9b:1::/48",  # NAT64 of one's own network
        "fec0::/10",  # site-local, before fc00::/7
        "5f00::/16",
    )
)


class AddressRefused(PermanentFailure):
    """This host must not be reached. `host` is as typed; `may_be_allowed` is False for metadata services."""

    def __init__(self, message: str, host: str, *, may_be_allowed: bool) -> None:
        super().__init__(message)
        self.host = host
        self.may_be_allowed = may_be_allowed


@dataclass(frozen=True)
class Guard:
    """Which hosts in private networks may be reached: “nas.local”, “10.0.0.5”, “10.0.0.5:8080”, “[fd00::5]:993”."""

    allowed_hosts: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "allowed_hosts", frozenset(folded(host) for host in self.allowed_hosts))

    def allows(self, host: str, port: int) -> bool:
        """Whether the owner allowed this host, as typed."""
        name = folded(host)
        return bool(self.allowed_hosts & {name, f"{name}:{port}", f"[{name}]:{port}"})

    def refusal(self, host: str, port: int, address: str) -> AddressRefused | None:
        """Why `address`, which `host` resolved to, must not be connected to; None when it may."""
        found = [_parsed(address), *_inside(_parsed(address))]
        if folded(host) in METADATA_NAMES or METADATA.intersection(found):
            return AddressRefused(
                f"“{host}” hands out the secrets of the machine itself; it is never contacted.",
                host,
                may_be_allowed=False,
            )
        if all(is_public(one) for one in found) or self.allows(host, port):
            return None
        return AddressRefused(
            f"“{host}” is in a private network. If you trust it, allow it: {SETTING}={folded(host)}",
            host,
            may_be_allowed=True,
        )

    def pick(self, host: str, port: int) -> list[AddressInfo]:
        """The addresses of `host` that may be connected to. Blocking.

        Raises `AddressRefused` when none may, and `OSError` when the name is not known.
        """
        infos: list[AddressInfo] = list(socket.getaddrinfo(_resolvable(host), port, type=socket.SOCK_STREAM))
        refusals = [self.refusal(host, port, str(info[4][0])) for info in infos]
        allowed = [info for info, refusal in zip(infos, refusals, strict=True) if refusal is None]
        for refusal in refusals:
            if refusal is not None and not allowed:
                raise refusal
        return allowed


def connect(host: str, port: int, *, timeout: float, guard: Guard) -> socket.socket:
    """Open a TCP connection to a host that a person typed; as `engine.sdk.context.Connect`.

    The name is resolved once, and the socket goes to an address that was checked. `timeout` is for all addresses
    together, and stays set on the socket.
    """
    ends_at = time.monotonic() + timeout
    sock = _first_that_answers(guard.pick(host, port), ends_at)
    sock.settimeout(timeout)
    return sock


def is_public(address: IpAddress) -> bool:
    """Whether an address belongs to the open Internet and to one machine there."""
    if any(address.version == net.version and address in net for net in _CLOSED):
        return False
    if address.version == 6 and list(_inside(address)):
        return True  # what lies inside is asked on its own
    special = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not special


def folded(host: str) -> str:
    """A host as it is compared: lower case, without brackets around it, trailing dot and zone."""
    name = host.strip().casefold()
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
    return name.rstrip(".").partition("%")[0]


def _inside(address: IpAddress) -> list[IpAddress]:
    """IPv4 addresses that an IPv6 address carries: packets to it would go there."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    carried = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        carried.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [one for one in carried if one is not None]


def _parsed(address: str) -> IpAddress:
    return ipaddress.ip_address(address.partition("%")[0])


def _resolvable(host: str) -> str:
    bare = host.strip()
    return bare[1:-1] if bare.startswith("[") and bare.endswith("]") else bare


def _first_that_answers(infos: Sequence[AddressInfo], ends_at: float) -> socket.socket:
    failure: OSError = OSError("the name has no address")
    for family, kind, protocol, _, address in infos:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(max(ends_at - time.monotonic(), 0.001))
            sock.connect(address)
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure
