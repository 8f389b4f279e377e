"""How an installation reaches mail servers: the profiles of `imap` and `gmail`."""

from typing import Annotated

from pydantic import Field

from connectors.mail.wire import Timing
from zapwerk import More, Profile


class MailProfile(Profile):
    """Times are in seconds. `ca_file` is for a company's own certificate authority."""

    connect_timeout: Annotated[float, More()] = Field(15.0, title="Time to connect", gt=0, le=120)
    read_timeout: Annotated[float, More()] = Field(60.0, title="Time for an answer", gt=0, le=120)
    second_try: Annotated[float, More()] = Field(2.0, title="Time before a refused sign-in is tried again", ge=0, le=60)
    idle_for: Annotated[float, More()] = Field(480.0, title="Time before waiting is renewed", gt=0, le=1740)
    ca_file: str = Field("", title="File of further trusted certificates (PEM)")
    smtp_host: Annotated[str, More()] = Field(
        "", title="Mail server for sending", description="For Zapwerk’s own notices. Empty: found by the mailbox."
    )
    smtp_port: Annotated[int, More()] = Field(0, title="Port for sending", ge=0, le=65535)
    smtp_security: Annotated[str, More()] = Field(
        "", title="Security for sending", pattern="^(tls|starttls|none)?$", description="tls, starttls or none."
    )

    @property
    def timing(self) -> Timing:
        return Timing(self.connect_timeout, self.read_timeout, self.second_try, self.idle_for)


class GmailProfile(MailProfile):
    """Gmail's own addresses, and the Google OAuth client of this installation."""

    imap_host: Annotated[str, More()] = Field("imap.gmail.com", title="Mail server")
    imap_port: Annotated[int, More()] = Field(993, title="Port", ge=1, le=65535)
    security: Annotated[str, More()] = Field("tls", title="Security", pattern="^(tls|starttls|none)$")
    authorize_url: Annotated[str, More()] = Field(
        "https://accounts.google.com/o/oauth2/v2/auth", title="Address of the consent page"
    )
    token_url: Annotated[str, More()] = Field("https://oauth2.googleapis.com/token", title="Address of tokens")
