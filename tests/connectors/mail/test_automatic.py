"""Newsletters, automatic replies and bounces are told from mails that a customer is behind."""

import pytest

from connectors.mail import automatic

CUSTOMER = "jana@mail.example"
WEB_SITE = "wordpress@shop.example"


@pytest.mark.parametrize(
    ("headers", "from_address", "reason"),
    [
        pytest.param({"list-unsubscribe": "<mailto:x@y.example>"}, "news@shop.example", "newsletter", id="unsubscribe"),
        pytest.param({"list-id": "Friends <friends.example>"}, CUSTOMER, "newsletter", id="mailing list"),
        pytest.param({"precedence": "Bulk"}, "news@shop.example", "newsletter", id="bulk"),
        pytest.param({"precedence": "junk"}, "news@shop.example", "newsletter", id="junk"),
        pytest.param(
            {"list-unsubscribe": "<x>", "reply-to": "team@shop.example"}, "n@shop.example", "newsletter", id="reply-to"
        ),
        pytest.param({"auto-submitted": "auto-replied"}, CUSTOMER, "auto_reply", id="auto-replied"),
        pytest.param({"auto-submitted": "auto-replied (vacation)"}, CUSTOMER, "auto_reply", id="with a comment"),
        pytest.param({"x-autoreply": "yes"}, CUSTOMER, "auto_reply", id="x-autoreply"),
        pytest.param({"x-auto-response-suppress": "All"}, CUSTOMER, "auto_reply", id="suppress"),
        pytest.param({"precedence": "auto_reply"}, CUSTOMER, "auto_reply", id="precedence"),
        pytest.param({"subject": "Automatische Antwort: Angebot"}, CUSTOMER, "auto_reply", id="out of office"),
        pytest.param(
            {"content-type": "multipart/report; report-type=disposition-notification"},
            CUSTOMER,
            "auto_reply",
            id="read",
        ),
        pytest.param(
            {"content-type": "multipart/report; report-type=delivery-status"}, "x@y.example", "bounce", id="report"
        ),
        pytest.param({}, "MAILER-DAEMON@mx.example", "bounce", id="daemon"),
        pytest.param({}, "postmaster@mx.example", "bounce", id="postmaster"),
        pytest.param({"return-path": "<>"}, "x@y.example", "bounce", id="nobody to return to"),
        pytest.param({"auto-submitted": "auto-generated"}, "cron@server.example", "auto_generated", id="a machine"),
        pytest.param(
            {"auto-submitted": "auto-generated", "reply-to": "Cron <cron@server.example>"},
            "cron@server.example",
            "auto_generated",
            id="a machine that answers itself",
        ),
        pytest.param({"x-zapwerk-notice": "1", "list-id": "x"}, "zapwerk@own.example", "own_notice", id="our notice"),
    ],
)
def test_mail_without_a_customer_behind_it_is_named(headers, from_address, reason):
    assert automatic.reason(headers, from_address) == reason


@pytest.mark.parametrize(
    ("headers", "from_address"),
    [
        pytest.param({}, CUSTOMER, id="a person"),
        pytest.param({"auto-submitted": "no"}, CUSTOMER, id="says no"),
        pytest.param({"return-path": f"<{CUSTOMER}>"}, CUSTOMER, id="with a way back"),
        pytest.param({"x-mailer": "PHPMailer 6.9.1"}, WEB_SITE, id="form"),
        pytest.param(
            {"auto-submitted": "auto-generated", "reply-to": f"Jana <{CUSTOMER}>"}, WEB_SITE, id="generated form"
        ),
        pytest.param({"auto-submitted": "auto-generated", "x-mailer": "PHPMailer 6"}, WEB_SITE, id="no reply-to"),
        pytest.param({"return-path": "<>", "reply-to": CUSTOMER}, WEB_SITE, id="form without a way back"),
        pytest.param(
            {"x-auto-response-suppress": "OOF", "reply-to": CUSTOMER},
            "forms@cloud.example",
            id="form that fears replies",
        ),
        pytest.param(
            {"x-google-group-id": "17", "list-id": "<info.shop.example>", "precedence": "list"},
            CUSTOMER,
            id="own group",
        ),
    ],
)
def test_mail_of_a_customer_passes_also_when_a_form_sent_it(headers, from_address):
    assert automatic.reason(headers, from_address) is None
