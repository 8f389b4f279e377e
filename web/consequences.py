"""What an error of a connector would mean in a zap, as a sentence for its author. Used by `connectors try`."""

from collections.abc import Iterator

from engine.connections.results import ConnectorBug
from engine.registry import AnyOperation
from engine.sdk import errors
from engine.sdk.connector import Action, Scheduled, Trigger, Webhook
from web.options import sentence

IN_A_RUN: tuple[tuple[type[Exception], str], ...] = (
    (errors.AuthFailed, "The run would be held until the account is connected again."),
    (errors.TemporaryFailure, "Nothing happened, so the run would be tried again: soon, and then for about ten hours."),
    (errors.OutcomeUnknown, "It would not be repeated blindly: {guard}"),
    (errors.QuotaReached, "The zap’s runs would be held until the limit is lifted or a person releases them."),
    (errors.InvalidInput, "The run would fail, and the sentence would be shown at the field{field}."),
    (errors.CannotTell, "A person would be asked what became of it."),
    (errors.Stopped, "The run would end here, on purpose; that is no failure."),
    (errors.PermanentFailure, "The run would fail, with this sentence in the history."),
    (ConnectorBug, "The run would fail, and the log would have the traceback: this is a fault of the connector."),
)
AT_A_CHECK = "The zap’s trigger would show this sentence, and be checked again after its usual time."
AT_A_DELIVERY = "The delivery would be refused, and nothing would be stored."
WHILE_SIGNING_IN = "The connection would not be saved."


def told(error: Exception, operation: AnyOperation | None) -> tuple[str, str, str]:
    """The sentence, the error's name, and what would follow. Without an operation: while signing in or choosing."""
    return sentence(error), _name(error), _consequence(error, operation)


def _name(error: Exception) -> str:
    """The name of the class in the SDK; engine classes below it are called like it."""
    known = (one.__name__ for one in type(error).__mro__ if one.__module__ == errors.__name__)
    return next(known, type(error).__name__)


def _consequence(error: Exception, operation: AnyOperation | None) -> str:
    if operation is None:
        return WHILE_SIGNING_IN
    if isinstance(operation, Webhook):
        return AT_A_DELIVERY
    if isinstance(operation, Trigger | Scheduled):
        return "".join(_of_a_check(error))
    said = next(words for kind, words in IN_A_RUN if isinstance(error, kind))
    named = getattr(error, "field", None)
    return said.format(guard=_guard(operation), field=f" “{named}”" if named else "")


def _of_a_check(error: Exception) -> Iterator[str]:
    if isinstance(error, errors.AuthFailed):
        yield "The zap’s trigger would not be checked again until the account is connected again."
    else:
        yield AT_A_CHECK


def _guard(operation: AnyOperation) -> str:
    if not isinstance(operation, Action):
        return "it only reads, so it would be tried again."
    if operation.find_this is not None:
        return "its lookup would be asked whether this very call arrived."
    if not operation.never_repeatable:
        return "it would be called again with the same idempotency key, where the action says that it may be."
    return "a person would be asked, because the action has no lookup."
