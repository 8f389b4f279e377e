"""Everything that the pages do, the API does as well: each route of a page that changes something has its operation.

A page that is added to `web.access.ACCESS` without one fails here, until its operation or the reason is written down.
"""

import pytest

from web.access import ACCESS, needed
from web.api import ROOT

SESSION = "a browser's session begins and ends with it; programs come with a token"
LINK = "the link in the address is what allows it; its password is typed by the person who was sent it"
PROOF = "the proof is a person with a phone in front of the page"
QUESTION = "asks before something is done; what is done then has its operation"

ONLY_PAGES = {
    "POST /sign-in": SESSION,
    "POST /sign-out": SESSION,
    "POST /enter/{token}": SESSION,
    "POST /welcome/{token}": LINK,
    "POST /join/{token}": LINK,
    "POST /password/{token}": LINK,
    "POST /settings/security/second-factor": PROOF,
    "POST /history/ask": QUESTION,
}

OPERATIONS = {
    # The history
    "POST /where": "GET /where/look",
    "POST /history/many": "POST /runs/many",
    "POST /history/{run_id}/replay": "POST /runs/{run_id}/replay",
    "POST /history/{run_id}/release": "POST /runs/{run_id}/release",
    "POST /history/{run_id}/cancel": "POST /runs/{run_id}/cancel",
    "POST /history/{run_id}/pass": "POST /runs/{run_id}/pass",
    "POST /history/{run_id}/decide": "POST /runs/{run_id}/decide",
    # Oneself
    "POST /settings/profile": "PATCH /me",
    "POST /settings/email": "PUT /me/email",
    "POST /settings/password": "PUT /me/password",
    "POST /settings/security/second-factor/off": "POST /me/second-factor/off",
    "POST /settings/security/recovery": "POST /me/recovery-codes",
    "POST /settings/security/sign-ins/{sign_in_id}/end": "DELETE /sign-ins/{sign_in_id}",
    "POST /settings/security/sign-ins/end-others": "DELETE /sign-ins",
    "POST /settings/tokens": "POST /tokens",
    "POST /settings/tokens/{token_id}/revoke": "DELETE /tokens/{token_id}",
    # Notices
    "POST /notices/read": "POST /notices/read",
    "POST /settings/notices/wishes": "PATCH /me/notices",
    "POST /settings/notices/mail": "PUT /notice-ways/mail",
    "POST /settings/notices/hook": "PUT /notice-ways/hook",
    "POST /settings/notices/test": "POST /notice-ways/{way}/test",
    "POST /settings/notices/off": "DELETE /notice-ways/{way}",
    # The others
    "POST /settings/people/invitations": "POST /invitations",
    "POST /settings/people/invitations/{invitation_id}/withdraw": "DELETE /invitations/{invitation_id}",
    "POST /settings/people/{person_id}/role": "PATCH /people/{person_id}",
    "POST /settings/people/{person_id}/password-link": "POST /people/{person_id}/password-link",
    "POST /settings/people/{person_id}/remove": "DELETE /people/{person_id}",
    # The house
    "POST /settings/backups": "PATCH /backups/plan",
    "POST /settings/backups/now": "POST /backups",
    "POST /settings/backups/code": "POST /backups/code",
    "POST /restored": "POST /restored/{zap_id}",
    "POST /restored/look": "POST /restored/look",
    "POST /place": "PUT /place",
    "POST /settings/storage": "PATCH /keeping",
    "POST /settings/storage/now": "POST /keeping/now",
    "POST /settings/erase/find": "POST /persons/find",
    "POST /settings/erase": "POST /persons/erase",
    # The zaps
    "POST /zaps/many": "POST /zaps/many",
    "POST /zaps/import": "POST /zaps/import",
    "POST /zaps/{zap_id}/switch": "POST /zaps/{zap_id}/on",
    "POST /zaps/{zap_id}/duplicate": "POST /zaps/{zap_id}/duplicate",
    "POST /zaps/{zap_id}/pause": "PUT /zaps/{zap_id}/pausing",
    "POST /zaps/{zap_id}/resume": "POST /zaps/{zap_id}/resume",
    "POST /pausing": "PUT /pausing",
    "POST /pausing/end": "DELETE /pausing",
    "POST /zaps/{zap_id}/settings": "PATCH /zaps/{zap_id}",
    "POST /zaps/{zap_id}/keeping": "PUT /zaps/{zap_id}/keeping",
    "POST /zaps/{zap_id}/notices": "PUT /me/notices/zaps/{zap_id}",
    "POST /zaps/{zap_id}/address": "POST /zaps/{zap_id}/address",
    # The editor
    "POST /zaps/new": "POST /zap-templates/{key}/zap",
    "POST /zaps/{zap_id}/preview": "POST /zaps/{zap_id}/steps/{step}/preview",
    "POST /zaps/{zap_id}/draft/{change}": "PUT /zaps/{zap_id}/draft",
    # Testing, rehearsing, publishing
    "POST /zaps/{zap_id}/try": "POST /zaps/{zap_id}/steps/{step}/test",
    "POST /zaps/{zap_id}/try/sample": "PUT /zaps/{zap_id}/samples/trigger",
    "POST /zaps/{zap_id}/try/wait": "PUT /zaps/{zap_id}/wait",
    "POST /zaps/{zap_id}/try/wait/end": "DELETE /zaps/{zap_id}/wait",
    "POST /zaps/{zap_id}/try/made-up": "POST /zaps/{zap_id}/samples/{step}/made-up",
    "POST /zaps/{zap_id}/try/forget": "DELETE /zaps/{zap_id}/samples/{step}",
    "POST /zaps/{zap_id}/rehearsal": "POST /zaps/{zap_id}/rehearsals",
    "POST /zaps/{zap_id}/rehearsal/{rehearsal_id}/stop": "POST /zaps/{zap_id}/rehearsals/{rehearsal_id}/stop",
    "POST /zaps/{zap_id}/failed": "POST /zaps/{zap_id}/failed/replay",
    "POST /zaps/{zap_id}/failed/preview": "POST /zaps/{zap_id}/failed/rehearsals",
    "POST /zaps/{zap_id}/publish": "POST /zaps/{zap_id}/publish",
    "POST /zaps/{zap_id}/versions/{number}/restore": "POST /zaps/{zap_id}/versions/{number}/restore",
    "POST /zaps/{zap_id}/versions/discard": "POST /zaps/{zap_id}/draft/discard",
    # Connections and apps
    "POST /connections/new": "POST /connections",
    "POST /connections/sign-in": "POST /connections/sign-in",
    "POST /connections/{connection_id}/name": "PATCH /connections/{connection_id}",
    "POST /connections/{connection_id}/check": "POST /connections/{connection_id}/check",
    "POST /connections/{connection_id}/reconnect": "POST /connections/{connection_id}/reconnect",
    "POST /connections/{connection_id}/replace": "POST /connections/{connection_id}/replace",
    "POST /connections/{connection_id}/sign-in": "POST /connections/{connection_id}/sign-in",
    "POST /connections/{connection_id}/disconnect": "DELETE /connections/{connection_id}",
    "POST /apps/{key}/profiles/{name}": "PUT /apps/{key}/profiles/{name}",
    "POST /apps/{key}/profiles/{name}/hosts": "POST /apps/{key}/profiles/{name}/hosts",
}
LOOKS = {
    "GET /zaps/{zap_id}/checks": "GET /zaps/{zap_id}/checks",
    "GET /zaps/{zap_id}/proposals": "GET /zaps/{zap_id}/steps/{step}/proposals",
    "GET /settings/storage": "GET /keeping/sizes",
    "GET /settings/backups": "GET /backups",
    "GET /settings/backups/files/{name}": "GET /backups/{name}",
    "GET /settings/notices": "GET /notice-ways",
    "GET /zaps/new": "GET /zap-templates",
    "GET /restored": "GET /restored",
}
PAGES = {route for route in ACCESS if not route.startswith("GET ") and f" {ROOT}/" not in route}


def test_every_page_that_changes_something_has_its_operation_or_a_reason_to_have_none():
    assert {"without": PAGES - OPERATIONS.keys() - ONLY_PAGES.keys(), "gone": {*OPERATIONS, *ONLY_PAGES} - PAGES} == {
        "without": set(),
        "gone": set(),
    }
    assert not OPERATIONS.keys() & ONLY_PAGES.keys()


@pytest.mark.parametrize(("page", "operation"), [*OPERATIONS.items(), *LOOKS.items()])
def test_an_operation_is_there_and_asks_for_no_less_than_the_page(page: str, operation: str):
    method, path = operation.split(" ")
    there = needed(method, f"{ROOT}/v1{path}")
    assert there is not None
    assert there >= ACCESS[page]
