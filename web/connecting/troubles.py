"""Why an account was not connected, in the reader's language, with who can do what about it. Used by the pages."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from engine.connections.connecting import HostNotAllowed, NotChecked
from engine.connections.signing_in import NotReady, Unregistered
from engine.errors import Problem, Problems, Refused, Sentence
from engine.people.roles import Role
from engine.sdk.errors import PermissionMissing
from engine.zaps.sentences import ValueProblem
from web.forms.fields import told
from web.languages import words
from web.site import Site
from web.visitors import Visitor
from web.vocabulary import Vocabulary


@dataclass(frozen=True)
class Trouble:
    """`above` is about the whole, `problems` are by field. `host` is one in a private network that an owner may allow,
    which `host_is_typed` for this connection or for the app. `owners` are whom to ask where the reader may not mend it;
    `settings` is where an owner can.
    """

    above: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    host: str = ""
    host_is_typed: bool = False
    owners: tuple[str, ...] = ()
    settings: str = ""


def of(error: Refused, app: str, here: Site, by: Visitor) -> Trouble:
    """What a person reads."""
    vocabulary = Vocabulary(here.runtime.registry(), by.language)
    match error:
        case HostNotAllowed():
            return _of_host(error, here, by)
        case Unregistered():
            return replace(_of_settings(error.app, here, by), above=(_unregistered(vocabulary.app(app), by.language),))
        case NotReady():
            return replace(_of_settings(app, here, by), above=(vocabulary.error(app, str(error)),))
        case NotChecked():
            return Trouble((vocabulary.error(app, error.said),))
        case Problems() if isinstance(error.__cause__, PermissionMissing):
            return Trouble((_missing(error.__cause__, vocabulary.app(app), by.language),))
        case Problems():
            return _by_field([_translated(one, app, vocabulary) for one in error.problems], by.language)
    return Trouble((vocabulary.error(app, error.within(by.language)),))


def owners_of(here: Site) -> tuple[str, ...]:
    """The names of those who may configure apps."""
    return tuple(one.name for one in here.runtime.people.accounts.every() if one.role is Role.OWNER)


def _by_field(problems: list[Problem], language: str) -> Trouble:
    above = tuple(told(one, language) for one in problems if not one.field)
    return Trouble(above, tuple(one for one in problems if one.field))


def _translated(problem: Problem, app: str, vocabulary: Vocabulary) -> Problem:
    """A connector's sentence in the reader's language; the engine's own ones know theirs."""
    if isinstance(problem, ValueProblem) or isinstance(problem.message, Sentence):
        return problem
    return replace(problem, message=vocabulary.error(app, problem.message))


def _of_host(error: HostNotAllowed, here: Site, by: Visitor) -> Trouble:
    _ = words(by.language).gettext
    if not error.may_be_allowed:
        sentence = _("“%(host)s” hands out the secrets of the machine itself; it is never contacted.")
        return Trouble(*_placed(sentence % {"host": error.host}, error))
    sentence = _("“%(host)s” is in a private network. Zapwerk goes there only if an owner has allowed it.")
    above, problems = _placed(sentence % {"host": error.host}, error)
    owners = () if by.is_owner else owners_of(here)
    return Trouble(above, problems, host=error.host, host_is_typed=bool(error.field), owners=owners)


def _placed(sentence: str, error: HostNotAllowed) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    if error.field:
        return (), (Problem(sentence, field=error.field),)
    return (sentence,), ()


def _of_settings(app: str, here: Site, by: Visitor) -> Trouble:
    if by.is_owner:
        return Trouble(settings=f"/apps/{app}")
    return Trouble(owners=owners_of(here))


def _unregistered(title: str, language: str) -> str:
    sentence = words(language).gettext(
        "%(app)s must know this installation first: an owner registers it there and fills in the client ID and secret "
        "that %(app)s gives."
    )
    return sentence % {"app": title}


def _missing(error: PermissionMissing, title: str, language: str) -> str:
    sentence = words(language).gettext(
        "You did not give the permission “%(what)s”, which %(app)s needs for what its zaps do. Please sign in again "
        "and allow everything that is asked for."
    )
    return sentence % {"what": error.what, "app": title}


def sentences(trouble: Trouble, language: str) -> Iterator[str]:
    """All of it, for where there are no fields."""
    yield from trouble.above
    yield from (told(one, language) for one in trouble.problems)
