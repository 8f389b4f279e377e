"""Runs a Dovecot of its own for a test: own configuration, own folder, TLS on a loopback port, stopped at the end.

Debian: `apt-get install dovecot-imapd`. Tests that use it carry the marker `dovecot`.
"""

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.waiting import free_port

USER, PASSWORD = "anna", "geheim"
STARTS_WITHIN = 15.0  # seconds

CONFIG = """
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{base}/server.pem
ssl_key = <{base}/server.key
disable_plaintext_auth = yes
mail_location = maildir:{base}/mail/%u
mail_uid = {user}
mail_gid = {user}
first_valid_uid = 1
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
auth_mechanisms = plain login
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={base}/mail/%u
}}
namespace inbox {{
  inbox = yes
  mailbox Gesendet {{
    auto = subscribe
    special_use = \\Sent
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain_port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
"""


@dataclass(frozen=True)
class Dovecot:
    """A running one. `port` speaks TLS; `plain_port` offers STARTTLS."""

    port: int
    plain_port: int
    maildir: Path
    ca_file: str

    def deliver(self, raw: bytes) -> None:
        """Puts a mail into the inbox as a delivery agent does: written to tmp, moved to new."""
        for part in ("tmp", "new", "cur"):
            _own(self.maildir / part)
        name = f"{time.time_ns()}.M{os.getpid()}.test"
        (self.maildir / "tmp" / name).write_bytes(raw.replace(b"\r\n", b"\n"))
        (self.maildir / "tmp" / name).rename(self.maildir / "new" / name)

    def forget_numbering(self) -> None:
        """Numbers all mails anew, as after a mailbox was rebuilt: another UIDVALIDITY."""
        for path in self.maildir.glob("dovecot[-.]*"):
            path.unlink()


def installed() -> bool:
    return shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin") is not None


@contextmanager
def running(base: Path) -> Iterator[Dovecot]:
    """Starts Dovecot below `base`, which must be reachable by the user it runs as."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(base / "ca.pem")
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    certificate.private_key_pem.write_to_path(base / "server.key")
    certificate.cert_chain_pems[0].write_to_path(base / "server.pem")
    tls_port, plain_port = free_port(), free_port()
    user = pwd.getpwuid(os.geteuid() or pwd.getpwnam("nobody").pw_uid)
    group = "nogroup" if user.pw_name == "nobody" else user.pw_name
    (base / "dovecot.conf").write_text(
        CONFIG.format(
            base=base, user=user.pw_name, group=group, password=PASSWORD, plain_port=plain_port, tls_port=tls_port
        ).replace(f"mail_gid = {user.pw_name}", f"mail_gid = {group}")
    )
    for folder in (base / "mail", base / "mail" / USER):
        _own(folder)
    binary = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    assert binary is not None
    process = subprocess.Popen([binary, "-F", "-c", str(base / "dovecot.conf")])
    try:
        _wait_for(tls_port, process, base / "dovecot.log")
        yield Dovecot(tls_port, plain_port, base / "mail" / USER, str(base / "ca.pem"))
    finally:
        process.terminate()
        process.wait(10)


def _own(folder: Path) -> None:
    """A folder of the user that Dovecot reads mail as."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o777)


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"Dovecot did not start: {log.read_text() if log.exists() else 'it wrote no log'}")
