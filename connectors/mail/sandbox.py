"""The demo's mailbox: a real IMAP server on this machine, SMTP that takes mail in, and a page for people.

Started by `zapwerk demo` and by tests. The packages it needs (pymap, aiosmtpd) are an extra, so the servers are
imported only when it starts.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from zapwerk import PermanentFailure, Sandbox

HOST = "127.0.0.1"
USERNAME = "demo@zapwerk.example"
PASSWORD = "demo"  # noqa: S105 - of a mailbox that only this machine can reach
MISSING = "The demo mailbox needs the packages pymap and aiosmtpd. Install them with: pip install 'zapwerk[demo]'"


@asynccontextmanager
async def serve(folder: Path, port: int) -> AsyncIterator[Sandbox]:
    """Runs the mailbox, with its mails in `folder`: IMAP at `port`, SMTP and a page for people at the next two; 0 takes
    free ones.

    Any recipient is accepted; all mail lands in the one INBOX, and is there again after a restart.
    """
    try:
        from connectors.mail import demo_mailbox, demo_pages
    except ImportError as error:
        raise PermanentFailure(MISSING) from error
    async with (
        demo_mailbox.running(folder, HOST, port, USERNAME, PASSWORD) as mailbox,
        demo_pages.serving(
            demo_pages.Mailbox(mailbox.inbox, HOST, mailbox.smtp_port, USERNAME), port and port + 2
        ) as page,
    ):
        yield Sandbox(
            url=f"imap://{HOST}:{mailbox.imap_port}",
            credentials={
                "host": HOST,
                "port": str(mailbox.imap_port),
                "security": "none",
                "username": USERNAME,
                "password": PASSWORD,
            },
            facts={"smtp": f"{HOST}:{mailbox.smtp_port}", "address": USERNAME, "page": page},
        )
