"""The sentences for people that stand in code as literals: found in the syntax tree, without running anything.

Used by the tests that each of them exists in German. Left out is what is not said to people here: docstrings, log
lines, SQL, what a model or a decorator declares, and what has its German beside it.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
ERRORS = frozenset(
    {
        "Refused", "Problem", "Problems", "NotFound", "Conflict", "DataFolderError", "AlreadyRunning", "VaultError",
        "NotUsable", "NotReady", "NotSent", "ConnectorBug", "Damaged", "AddressRefused", "ConnectorError", "AuthFailed",
        "PermissionMissing", "TemporaryFailure", "OutcomeUnknown", "QuotaReached", "InvalidInput", "PermanentFailure",
        "Stopped", "CannotTell", "Unreachable", "SignInRefused", "CannotMap", "Unusable", "Receipt", "Ends",
    }
)  # fmt: skip
"""What carries a sentence to a person."""

TRANSLATED = frozenset({"Sentence", "remark", "gettext", "ngettext", "_", "of", "Declined"})
DECLARED = frozenset(
    {
        "Field", "Connector", "OAuth2", "ApiKey", "Basic", "Credentials", "BearerToken", "Labels", "Introduction",
        "NoAuth", "Profile", "trigger", "action", "search", "webhook", "schedule", "Choice",
    }
)  # fmt: skip
"""Words of models and connectors, which have a test of their own: `texts.missing`."""

NOT_FOR_PEOPLE = frozenset(
    {
        "text", "execute", "compile", "debug", "info", "warning", "exception", "error", "critical", "TypeError",
        "AssertionError", "RuntimeError", "NotImplementedError", "AttributeError",
    }
)  # fmt: skip
TABLES = frozenset({"REMARKS", "SENTENCES"})
MARK = "⟦…⟧"  # stands in the places of a sentence
BEGINS, ENDS = re.compile(r"[A-Z“⟦]"), re.compile(r"[.?]\s?$")
PLACE = re.compile(r"\{\w*\}")
SMALL_WORD, SQL = re.compile(r"\b[a-z]{2,}\b"), re.compile(r"(?:SELECT|UPDATE|INSERT|DELETE|WITH|CREATE)\b")
WORD = re.compile(r"https?://\S+|[^\W\d_]+")


@dataclass(frozen=True)
class Spoken:
    """One sentence, its places filled with marks, and where it stands."""

    sentence: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"  {self.file}:{self.line}: {self.sentence!r}"


def sentences(folder: Path, root: Path = ROOT) -> Iterator[Spoken]:
    """All literals of a folder that look like a sentence, and what is raised."""
    for path in sorted(folder.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        left_out = _left_out(tree)
        raised = {id(one) for one in _raised(tree)}
        for node in ast.walk(tree):
            said = _text(node)
            if said and id(node) not in left_out and (id(node) in raised or _looks_like_one(said)):
                yield Spoken(said, str(path.relative_to(root)), getattr(node, "lineno", 0))


def literals(folder: Path) -> set[str]:
    """Every text that stands in a folder's code, whatever it is for, and its first line."""
    trees = (ast.parse(path.read_text("utf-8")) for path in folder.rglob("*.py"))
    texts = {_text(node) for tree in trees for node in ast.walk(tree)}
    return texts | {one.partition("\n")[0] for one in texts}


def raised(folder: Path) -> Iterator[Spoken]:
    """The literals of a folder that an error carries to a person."""
    for path in sorted(folder.rglob("*.py")):
        for node in _raised(ast.parse(path.read_text("utf-8"))):
            yield Spoken(_text(node), str(path.relative_to(ROOT)), getattr(node, "lineno", 0))


def is_told(sentence: str, german: str) -> bool:
    """Whether the other language is all of it: no three English words in a row are left. Names and addresses may be."""
    words = WORD.findall(sentence)
    runs = [words[at : at + 3] for at in range(len(words) - 2)]
    left = " ".join(WORD.findall(german))
    return sentence != german and not any(" ".join(run) in left for run in runs if all(map(str.islower, run)))


def _raised(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in ERRORS and node.args and " " in _text(node.args[0]):
            yield node.args[0]


def _left_out(tree: ast.Module) -> set[int]:
    found = [one for node in ast.walk(tree) for one in _not_said(node)]
    return {id(inner) for one in found for inner in ast.walk(one)}


def _not_said(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.Expr(value=ast.Constant() as docstring):
            return [docstring]
        case ast.Call(func=function) if _name(function) in TRANSLATED | DECLARED | NOT_FOR_PEOPLE:
            return [node]
        case ast.JoinedStr(values=parts):
            return parts  # the whole is looked at
        case ast.Assign(targets=[target], value=value) | ast.AnnAssign(target=target, value=ast.expr() as value):
            return [value] if _name(target) in TABLES else []
    return []


def _name(node: ast.AST) -> str:
    return str(getattr(node, "id", "") or getattr(node, "attr", ""))


def _text(node: ast.AST) -> str:
    """What a literal says, a mark in each of its places."""
    match node:
        case ast.Constant(value=str() as text):
            found = text
        case ast.JoinedStr(values=parts):
            found = "".join(str(one.value) if isinstance(one, ast.Constant) else "{}" for one in parts)
        case _:
            return ""
    return PLACE.sub(MARK, found)


def _looks_like_one(said: str) -> bool:
    """It begins like one, and ends like one or has several words. SQL does too."""
    has_words = len(SMALL_WORD.findall(said)) > 2 or bool(ENDS.search(said))
    return " " in said.strip() and bool(BEGINS.match(said)) and has_words and not SQL.match(said)
