"""The zaps of the harness: each kind of trigger, each service, and which effects an event of each is to have. Pure."""

from dataclasses import dataclass

from tests.chaos.plan import SERVICES

HOOKED = """
zapwerk: 1
name: {service}
flood_limit: null
trigger: {{use: webhook.catch}}
steps:
  - key: booked
    use: {service}.book
    connection: {service}
    with: {{reference: "{{{{ trigger.body.reference }}}}", customer: "{{{{ trigger.body.customer }}}}"}}
  - key: noted
    use: keys.note
    connection: keys
    with: {{reference: "{{{{ trigger.body.reference }}}}"}}
"""

MAILS = """
zapwerk: 1
name: mails
flood_limit: null
trigger: {use: imap.new_email, connection: mailbox}
steps:
  - key: client
    use: lookup.client
    connection: lookup
    with: {address: "{{ trigger.sender.address }}", if_exists: use}
  - key: booked
    use: keys.book
    connection: keys
    with: {reference: "{{ trigger.subject }}", customer: "{{ client.customer }}"}
"""

PAGES = """
zapwerk: 1
name: pages
flood_limit: null
trigger: {use: keys.new_page, connection: keys}
steps:
  - key: booked
    use: lookup.book
    connection: lookup
    with: {reference: "{{ trigger.id }}", customer: "{{ trigger.customer }}"}
"""

ORDERS = """
zapwerk: 1
name: orders
flood_limit: null
trigger: {use: lookup.new_order, connection: lookup}
steps:
  - key: booked
    use: lagging.book
    connection: lagging
    with: {reference: "{{ trigger.id }}", customer: "{{ trigger.customer }}"}
"""

CLOCK = """
zapwerk: 1
name: clock
flood_limit: null
trigger: {use: keys.every_few_seconds, connection: keys}
steps:
  - key: booked
    use: keys.book
    connection: keys
    with: {reference: "{{ trigger.id }}"}
"""

ZAPS = {
    **{service: HOOKED.format(service=service) for service in SERVICES},
    "mails": MAILS,
    "pages": PAGES,
    "orders": ORDERS,
    "clock": CLOCK,
}


@dataclass(frozen=True)
class Due:
    """An effect that an event is to have, once: at which service, which action, with which reference."""

    service: str
    action: str
    reference: str


def effects_due(zap: str, reference: str, address: str = "") -> list[Due]:
    """What an event of this zap is to lead to; only once for all mails of one address: the client."""
    match zap:
        case "mails":
            return [Due("lookup", "client", address), Due("keys", "book", reference)]
        case "pages":
            return [Due("lookup", "book", reference)]
        case "orders":
            return [Due("lagging", "book", reference)]
        case "clock":
            return [Due("keys", "book", reference)]
        case _:
            return [Due(zap, "book", reference), Due("keys", "note", reference)]
