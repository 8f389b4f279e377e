"""Writes the reference of the SDK from its docstrings: every public name with its signature, words and members.

Called by `reference.py`. What is shown is read from the source, so that defaults and types stand there as they were
written. A name is put into a group by the module that it comes from; a new one needs nothing here.
"""

import ast
import inspect
import itertools
import sys
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from engine.sdk import connecting, connector, context, http, schedules
from engine.sdk.connector import Connector
from engine.sdk.operations import Operation
from zapwerk import testing

Function = ast.FunctionDef | ast.AsyncFunctionDef

OURS = ("engine.", "zapwerk.")
WIDTH = 88  # columns of a signature, before it is broken into lines

GROUPS = {
    "Describing an app": ("connector", "operations", "triggers"),
    "Records and accounts": ("records",),
    "Webhooks": (),
    "Fields of an input": ("fields",),
    "Signing in": ("auth", "connecting"),
    "What a function is given": ("context", "http"),
    "Errors": ("errors",),
    "Times": ("schedules",),
}
ELSEWHERE = {
    "Rate": "Describing an app",
    "Sandbox": "Describing an app",
    "Webhook": "Webhooks",
    "Delivery": "Webhooks",
    "Hook": "Webhooks",
}
FIRST = ("Connector", "Trigger", "Action", "Search", "Record", "Context", "ConnectorError", "Schedule", "Harness")
"""What others refer to stands before them; everything else by name."""
REACHED = {
    "ctx.http": http.Http,
    "ctx.files": context.Files,
    "ctx.checkpoint": context.Checkpoint,
    "ctx.sessions": context.Sessions,
    "ctx.connect": context.Connect,
    "ctx.progress": connecting.Progress,
}
"""What is not imported but reached through `ctx`; the blocking twins have the same members."""
FOR_AUTHORS = ("Registers", "Describes")
"""How the docstrings of those members begin that a connector uses; the others are the engine's."""
NOT_FOR_AUTHORS = "For `"
GIVEN = frozenset({context.Context, context.BlockingContext, testing.Watched, testing.Outcome})
"""Nobody makes these by hand."""


CONSTANTS = {
    "STEP_TIMEOUT": f"timedelta(seconds={connector.STEP_TIMEOUT.total_seconds():g})",
    "SETTLES_AFTER": f"timedelta(seconds={connector.SETTLES_AFTER.total_seconds():g})",
    "BEGINNING": f"datetime({schedules.BEGINNING:%Y, %-m, %-d})",
    "FIRST_DAY": f"date({schedules.BEGINNING:%Y, %-m, %-d})",
}


@dataclass(frozen=True)
class Parameter:
    """One parameter or field, as it is written."""

    name: str
    annotation: str = ""
    default: str = ""
    words: str = ""

    def __str__(self) -> str:
        typed = f"{self.name}: {self.annotation}" if self.annotation else self.name
        return f"{typed} = {self.default}" if self.default else typed


def grouped(module: Any) -> Iterator[str]:
    """The page: all names of a module's `__all__`, by group."""
    left = {name: getattr(module, name) for name in module.__all__}
    for title in GROUPS:
        mine = _in_order(name for name in left if _group(name, left[name], module) == title)
        yield f"\n## {title}\n"
        if title == "Fields of an input":
            yield from _kinds([name for name in mine if not inspect.isclass(left[name]) or _is_foreign(left[name])])
            mine = [name for name in mine if inspect.isclass(left[name]) and not _is_foreign(left[name])]
        for name in mine:
            yield from entry(name, left[name])
        if title == "What a function is given":
            for name, thing in REACHED.items():
                yield from entry(name, thing)


def listed(module: Any) -> Iterator[str]:
    """All names of a module's `__all__`, one after the other."""
    for name in _in_order(module.__all__):
        yield from entry(name, getattr(module, name))


def _in_order(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: (FIRST.index(name) if name in FIRST else len(FIRST), name))


def entry(name: str, thing: Any) -> Iterator[str]:
    """One name: heading, signature, words, members."""
    yield f"### `{name}`\n"
    signature = _signature(name, thing)
    if signature:
        yield f"```py\n{signature}\n```\n"
    words = _words(thing)
    if words:
        yield f"{words}\n"
    members = list(_members(name, thing))
    if members:
        yield from members
        yield ""


def _group(name: str, thing: Any, module: Any) -> str:
    source = _module_of(name, thing, module).rpartition(".")[2]
    return ELSEWHERE.get(name) or next(title for title, modules in GROUPS.items() if source in modules)


def _module_of(name: str, thing: Any, module: Any) -> str:
    """Where the public module has a name from: an alias does not know it itself."""
    for node in _tree(module).body:
        if isinstance(node, ast.ImportFrom) and any(alias.name == name for alias in node.names):
            return node.module or ""
    return str(thing.__module__)


def _is_foreign(thing: type) -> bool:
    """A name of ours for a type of somebody else's."""
    return not thing.__module__.startswith("engine.")


def _kinds(names: Iterable[str]) -> Iterator[str]:
    """Types that are only names: a table with what stands below them in the source."""
    from engine.sdk import fields

    yield "| Type | What it is |"
    yield "| --- | --- |"
    for name in names:
        yield f"| `{name}` | {' '.join(_below(fields, name).split())} |"
    yield ""


def _below(module: Any, name: str) -> str:
    """The text that stands below an assignment."""
    body = _tree(module).body
    for node, following in itertools.pairwise(body):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            return _text(following)
    return ""


def _words(thing: Any) -> str:
    if not inspect.isclass(thing) and not inspect.isfunction(thing):
        module = next(one for one in _sdk_modules() if any(value is thing for value in vars(one).values()))
        return _below(module, next(name for name, value in vars(module).items() if value is thing))
    return inspect.cleandoc(thing.__doc__ or "")


def _sdk_modules() -> list[Any]:
    return [module for name, module in sys.modules.items() if name.startswith("engine.sdk.")]


def _signature(name: str, thing: Any) -> str:
    if inspect.isfunction(thing):
        return _broken(name, _parameters(_node(thing)), _returns(_node(thing)))
    if not inspect.isclass(thing) or _is_made_by_the_engine(thing):
        return ""
    init = next((one for one in _functions(thing) if one.name == "__init__"), None)
    own = _parameters(init)[1:] if init else list(_of_fields(thing))
    return _broken(name, own, "") if own else ""


def _of_fields(thing: type) -> Iterator[Parameter]:
    """What a dataclass or model is made with, in the order in which it takes it."""
    written = {one.name: one for one in _fields(thing)}
    taken = [one for one in inspect.signature(thing).parameters.values() if one.name in written] if written else []
    kinds = [one.kind for one in taken]
    for number, one in enumerate(taken):
        if one.kind is one.KEYWORD_ONLY and one.KEYWORD_ONLY not in kinds[:number]:
            yield Parameter("*")
        yield written[one.name]


def _is_made_by_the_engine(thing: type) -> bool:
    return issubclass(thing, Operation) or thing in GIVEN or thing in REACHED.values()


def _members(name: str, thing: Any) -> Iterator[str]:
    if not inspect.isclass(thing):
        return
    if thing is context.BlockingContext:
        return
    begins = "ctx" if thing is context.Context else name if thing in REACHED.values() else ""
    for one in _fields(thing):
        if (begins or one.words or thing in GIVEN) and thing not in REACHED.values():
            yield _item(f"{begins}.{one.name}: {one.annotation}", one.words)
    for function in _functions(thing):
        words = _text(function.body[0])
        if function.name == "__call__" and thing in REACHED.values():
            yield _item(_called(begins, function), words)
        elif _is_shown(thing, function.name, words):
            yield _item(_shown_as(thing, function, begins), words)


def _is_shown(thing: type, name: str, words: str) -> bool:
    if name.startswith("_"):
        return False
    described = issubclass(thing, Operation | Connector)
    return words.startswith(FOR_AUTHORS) if described else not words.startswith(NOT_FOR_AUTHORS)


def _shown_as(thing: type, function: Function, begins: str) -> str:
    if not issubclass(thing, Operation | Connector):
        return _called(f"{begins}.{function.name}", function)
    decorator = f"@{thing.__name__.lower()}.{function.name}"
    parameters = _parameters(function)[1:]
    return decorator if [one.name for one in parameters] == ["function"] else _line(decorator, parameters)


def _called(name: str, function: Function) -> str:
    if any(getattr(one, "id", "") == "property" for one in function.decorator_list):
        return f"{name}{_returns(function).replace(' ->', ':', 1)}"
    begins = "await " if isinstance(function, ast.AsyncFunctionDef) and not _is_generator(function) else ""
    return f"{begins}{_line(name, _parameters(function)[1:])}{_returns(function)}"


def _line(name: str, parameters: Iterable[Parameter]) -> str:
    return f"{name}({', '.join(map(str, parameters))})"


def _is_generator(function: ast.AsyncFunctionDef) -> bool:
    return "AsyncIterator" in _returns(function)


def _item(signature: str, words: str) -> str:
    return f"- `{signature}`" + (f"  \n{textwrap.indent(words, '  ')}" if words else "")


def _fields(thing: type) -> list[Parameter]:
    """The annotated fields, those of the classes it inherits from first."""
    found: dict[str, Parameter] = {}
    for owner in reversed(thing.__mro__):
        if owner.__module__.startswith(OURS):
            found |= {one.name: one for one in _own_fields(owner)}
    return list(found.values())


def _own_fields(owner: type) -> Iterator[Parameter]:
    body = _class(owner).body
    for node, following in zip(body, [*body[1:], ast.Pass()], strict=True):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            default, words = _default(node.value), _text(following) or _described(node.value)
            yield Parameter(node.target.id, _said(node.annotation), default, words)


def _default(value: ast.expr | None) -> str:
    """What a person writes to get the default of a dataclass or model; “” where there is none."""
    if not isinstance(value, ast.Call) or getattr(value.func, "id", "") not in ("field", "Field"):
        return _said(value) if value else ""
    if any(one.arg == "default_factory" for one in value.keywords):
        return "{}"
    return _said(value.args[0]) if value.args else ""


def _described(value: ast.expr | None) -> str:
    """The description of a pydantic field, or its title."""
    given = {one.arg: one.value for one in value.keywords} if isinstance(value, ast.Call) else {}
    found = given.get("description", given.get("title"))
    return str(found.value) if isinstance(found, ast.Constant) else ""


def _functions(thing: type) -> Iterator[Function]:
    """Its own; what it inherits is told elsewhere."""
    yield from (node for node in _class(thing).body if isinstance(node, Function))


def _parameters(function: Function) -> list[Parameter]:
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
    found = [_parameter(one, default) for one, default in zip(positional, defaults, strict=True)]
    if arguments.vararg:
        found.append(Parameter(f"*{arguments.vararg.arg}"))
    elif arguments.kwonlyargs:
        found.append(Parameter("*"))
    found += [_parameter(one, value) for one, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
    if arguments.kwarg:
        found.append(Parameter(f"**{arguments.kwarg.arg}"))
    return found


def _parameter(argument: ast.arg, default: ast.expr | None) -> Parameter:
    annotation = _said(argument.annotation) if argument.annotation else ""
    return Parameter(argument.arg, annotation, _said(default) if default else "")


def _returns(function: Function) -> str:
    return f" -> {_said(function.returns)}" if function.returns else ""


def _said(expression: ast.expr) -> str:
    """As it is written, in our quotes, with constants by what they stand for."""
    text = ast.unparse(expression).replace("'", '"').replace("dt.", "")
    return CONSTANTS.get(text, text)


def _broken(name: str, parameters: list[Parameter], returns: str) -> str:
    line = f"{name}({', '.join(map(str, parameters))}){returns}"
    if len(line) <= WIDTH:
        return line
    inner = "".join(f"    {one},\n" for one in parameters)
    return f"{name}(\n{inner}){returns}"


def _node(function: Any) -> ast.FunctionDef:
    (found,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(found, ast.FunctionDef)
    return found


def _class(thing: Any) -> ast.ClassDef:
    (found,) = ast.parse(textwrap.dedent(inspect.getsource(thing))).body
    assert isinstance(found, ast.ClassDef)
    return found


def _tree(module: Any) -> ast.Module:
    return ast.parse(inspect.getsource(module))


def _text(node: ast.stmt) -> str:
    """A docstring, or nothing."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return inspect.cleandoc(node.value.value)
    return ""
