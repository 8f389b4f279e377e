"""Reading answers by the profile: other services word their errors differently."""

import json
from typing import Any

import httpx
import pytest

from connectors.invoice2go import replies
from connectors.invoice2go.clients import Client
from connectors.invoice2go.profile import INVOICE2GO, SANDBOX, Invoice2goProfile
from zapwerk import ConnectorError, InvalidInput, OutcomeUnknown, PermanentFailure, PermissionMissing, QuotaReached

NAMES = {"name": "client.title", "email": "mail"}


def explained(status: int, body: Any, profile: Invoice2goProfile = SANDBOX, **changes: Any) -> ConnectorError | None:
    response = httpx.Response(status, json=body, request=httpx.Request("POST", "https://x.example/"))
    return replies.explain(profile.model_copy(update=changes), NAMES)(response)


def test_refused_fields_may_be_a_list_or_a_mapping():
    as_list = explained(422, {"error": {"fields": [{"field": "mail", "message": "odd"}]}})
    as_mapping = explained(400, {"errors": {"client.title": ["too long", "odd"]}}, error_fields="errors")
    assert isinstance(as_list, InvalidInput)
    assert (as_list.field, str(as_list)) == ("email", "Invoice2go refuses this value: “odd”")
    assert isinstance(as_mapping, InvalidInput)
    assert as_mapping.field == "name"
    assert "too long" in str(as_mapping)


def test_a_refused_field_that_is_not_ours_has_no_field():
    error = explained(422, {"error": {"fields": [{"field": "colour", "message": "missing"}]}})
    assert isinstance(error, InvalidInput)
    assert error.field is None


@pytest.mark.parametrize(
    ("status", "body", "changes"),
    [
        (402, None, {}),
        (429, {"error": {"code": "quota_reached"}}, {}),
        (200, {"code": "full"}, {"errors_in_ok": True, "error_code": "code", "quota_codes": ("full",)}),
    ],
    ids=["by its status", "by its code", "by a code that comes with 200"],
)
def test_a_quota_is_known_by_the_profiles_rules(status: int, body: Any, changes: dict[str, Any]):
    assert isinstance(explained(status, body, **changes), QuotaReached)


@pytest.mark.parametrize("status", [200, 201, 401, 429, 500, 503])
def test_what_has_the_same_meaning_everywhere_is_left_to_the_sdk(status: int):
    assert explained(status, {"error": {"message": "x"}}) is None


def test_a_missing_permission_is_named():
    error = explained(403, {"error": {"permission": "items"}})
    assert isinstance(error, PermissionMissing)
    assert error.what == "items"
    assert isinstance(explained(403, "no"), PermissionMissing)


def test_other_refusals_are_told_in_the_services_words_as_one_clean_line():
    error = explained(404, {"error": {"message": "gone\n\x1b[31m for\u202e good " + "x" * 1000}})
    assert isinstance(error, PermanentFailure)
    assert str(error).startswith("Invoice2go refuses this: “gone [31m for good xxx")
    assert len(str(error)) < 400


@pytest.mark.parametrize("body", [None, [], "x", 7, {"error": "x"}, {"error": {"fields": "x", "message": 7}}], ids=str)
def test_an_error_in_another_shape_is_left_to_the_sdk(body: Any):
    assert explained(422, body) is None
    assert explained(422, body, INVOICE2GO) is None


@pytest.mark.parametrize("body", [None, [], {"data": {}}, {"data": {"id": ""}}, {"data": {"id": True}}], ids=str)
def test_an_answer_without_an_id_leaves_the_outcome_unknown(body: Any):
    with pytest.raises(OutcomeUnknown):
        replies.created(httpx.Response(201, text=json.dumps(body)), SANDBOX)


def test_an_answer_that_is_no_json_leaves_the_outcome_unknown():
    answer = httpx.Response(200, text="<html>login</html>", request=httpx.Request("POST", "https://x.example/"))
    with pytest.raises(OutcomeUnknown):
        replies.created(answer, SANDBOX)


def test_values_that_do_not_fit_are_left_out_and_the_record_stays():
    row = {"id": 7, "client": {"title": 5}, "mail": ["?"], "created_at": "yesterday", "url": 3, "colour": "red"}
    read = replies.read(Client, row, {**NAMES, "payment_terms_days": "days"}, SANDBOX)
    assert (read.id, read.name, read.email, read.created_at) == ("7", "5", None, None)
    assert read.model_extra is not None
    assert read.model_extra["colour"] == "red"
