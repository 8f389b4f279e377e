"""Reads what stands between `{{` and `}}` or in `{% if … %}`: Liquid's parser, turned into our own expressions.

Called by `mapping` alone, and the one file that imports `liquid` (within functions: it takes 0.4 s to load).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from engine.errors import Sentence
from engine.zaps import expressions as ours
from engine.zaps import patterns
from engine.zaps.filters import FILTERS
from engine.zaps.limits import MAX_DIGITS, CannotMap
from engine.zaps.remarks import meant, quotation, remark

MAX_EXPRESSION = 1_000  # characters between the braces: the parser's time may grow with their square
MAX_NESTING = 40


class NotATemplate(Exception):
    """A text is no valid template; `position` is the offset in it."""

    def __init__(self, sentence: str, position: int) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.position = position


def output(source: str, position: int) -> ours.Expression:
    """The expression of `{{ source }}`; `position` is where it starts in the template."""
    from liquid.builtin.expressions import FilteredExpression

    return _parsed(source, position, FilteredExpression.parse)


def condition(source: str, position: int) -> ours.Expression:
    """The expression of `{% if source %}`."""
    from liquid.builtin.expressions import BooleanExpression

    return _parsed(source, position, BooleanExpression.parse)


def negated(expression: ours.Expression) -> ours.Expression:
    """The opposite of a condition."""
    return ours.Negated(expression)


def _parsed(source: str, position: int, parse: Callable[..., Any]) -> ours.Expression:
    from liquid.exceptions import LiquidError

    if not source.strip():
        raise NotATemplate(remark("nothing_between"), position)
    if len(source) > MAX_EXPRESSION:
        raise NotATemplate(remark("expression_too_long", most=MAX_EXPRESSION), position)
    try:
        tree = parse(_environment(), _tokens(source, position))
    except (LiquidError, RecursionError, AssertionError, ValueError) as error:
        at = getattr(getattr(error, "token", None), "start_index", -1)
        raise _unclear(source, position, at) from error
    return _Translation(position).of(tree, 0)


def _unclear(source: str, position: int, at: int) -> NotATemplate:
    place = at if position <= at < position + len(source) else position
    rest = source[place - position :].strip()
    return NotATemplate(remark("not_understood", rest=quotation(rest or source)), place)


def _tokens(source: str, position: int) -> Any:
    from liquid.builtin.expressions import tokenize
    from liquid.stream import TokenStream
    from liquid.token import TOKEN_EXPRESSION, Token

    tokens = tokenize(source, Token(TOKEN_EXPRESSION, source, position, source))
    return TokenStream(_with_names(tokens))


def _with_names(tokens: Iterable[Any]) -> Iterator[Any]:
    """Beside a dot every word is a name, also one that is a keyword elsewhere: `mail.empty`, `with.id`."""
    from liquid.token import TOKEN_DOT, TOKEN_WORD

    every = list(tokens)
    dots = [token.kind == TOKEN_DOT for token in every]
    for token, after, before in zip(every, [False, *dots], [*dots[1:], False], strict=False):
        is_name = (after or before) and token.value == token.kind and token.value.isidentifier()
        yield token._replace(kind=TOKEN_WORD) if is_name else token


@lru_cache(maxsize=1)
def _environment() -> Any:
    from liquid import Environment

    class Reading(Environment):
        shorthand_indexes = True
        logical_not_operator = True
        logical_parentheses = True

        def setup_tags_and_filters(self, *, extra: bool = False) -> None:
            """None: only expressions are read."""

    return Reading()


@dataclass(frozen=True)
class _Translation:
    """From Liquid's tree to ours. What is not named here is not allowed."""

    position: int

    def of(self, node: Any, depth: int) -> ours.Expression:
        if depth > MAX_NESTING:
            raise NotATemplate(remark("expression_too_deep"), self.position)
        translate = _translators().get(type(node).__name__)
        if translate is None:
            raise NotATemplate(remark("no_ranges"), self._at(node))
        return translate(self, node, depth + 1)

    def _at(self, node: Any) -> int:
        return max(node.token.start_index, self.position) if getattr(node, "token", None) else self.position

    def constant(self, node: Any, _: int) -> ours.Expression:
        value = node.value
        return ours.Constant(
            self._decimal(node) if isinstance(value, int | float) and not isinstance(value, bool) else value
        )

    def _decimal(self, node: Any) -> Any:
        text = node.token.value
        if len(text) > MAX_DIGITS:
            raise NotATemplate(remark("digits"), self._at(node))
        return node.value if isinstance(node.value, int) else Decimal(text)

    def path(self, node: Any, depth: int) -> ours.Path:
        segments = tuple(one if isinstance(one, str | int) else self.inner_path(one, depth) for one in node.path)
        return ours.Path(segments, self._at(node))

    def inner_path(self, node: Any, depth: int) -> ours.Path:
        if depth > MAX_NESTING:
            raise NotATemplate(remark("expression_too_deep"), self.position)
        return self.path(node, depth + 1)

    def filtered(self, node: Any, depth: int) -> ours.Expression:
        result = self.of(node.left, depth)
        for one in node.filters or ():
            result = self._with_filter(result, one, depth)
        return result

    def _with_filter(self, inner: ours.Expression, node: Any, depth: int) -> ours.Expression:
        found = FILTERS.get(node.name)
        if found is None:
            said = remark("unknown_filter", name=node.name, meant=meant(node.name, FILTERS))
            raise NotATemplate(said, self._at(node))
        if not found.least <= len(node.args) <= found.most or any(hasattr(one, "name") for one in node.args):
            said = remark("filter_takes", name=found.name, takes=_takes(found.least, found.most))
            raise NotATemplate(said, self._at(node))
        arguments = tuple(self.of(one.value, depth) for one in node.args)
        if found.name == "extract":
            self._check_pattern(arguments[0], node)
        return ours.Filtered(inner, found, arguments)

    def _check_pattern(self, pattern: ours.Expression, node: Any) -> None:
        try:
            if isinstance(pattern, ours.Constant):
                patterns.compiled(str(pattern.constant))
        except CannotMap as error:
            raise NotATemplate(error.sentence, self._at(node)) from error

    def boolean(self, node: Any, depth: int) -> ours.Expression:
        return self.of(node.expression, depth)

    def negated(self, node: Any, depth: int) -> ours.Expression:
        return ours.Negated(self.of(node.right, depth))

    def both(self, node: Any, depth: int) -> ours.Expression:
        either = type(node).__name__ == "LogicalOrExpression"
        return ours.Both(self.of(node.left, depth), self.of(node.right, depth), either)

    def compared(self, node: Any, depth: int) -> ours.Expression:
        return ours.Compared(self.of(node.left, depth), self.of(node.right, depth), _COMPARISONS[type(node).__name__])


def _takes(least: int, most: int) -> Sentence:
    if most == 0:
        return remark("takes_none")
    if least == most == 1:
        return remark("takes_one")
    return remark("takes_some", amount=most if least == most else remark("from_to", least=least, most=most))


_COMPARISONS = {
    "EqExpression": "==",
    "NeExpression": "!=",
    "LtExpression": "<",
    "GtExpression": ">",
    "LeExpression": "<=",
    "GeExpression": ">=",
    "ContainsExpression": "contains",
}


@lru_cache(maxsize=1)
def _translators() -> dict[str, Callable[[_Translation, Any, int], ours.Expression]]:
    constants = ("TrueLiteral", "FalseLiteral", "IntegerLiteral", "FloatLiteral", "StringLiteral")
    return {
        **dict.fromkeys(constants, _Translation.constant),
        **dict.fromkeys(_COMPARISONS, _Translation.compared),
        **dict.fromkeys(("LogicalAndExpression", "LogicalOrExpression"), _Translation.both),
        **dict.fromkeys(("Blank", "Empty"), lambda *_: ours.BlankWord()),
        "Nil": lambda *_: ours.Constant(None),
        "LogicalNotExpression": _Translation.negated,
        "BooleanExpression": _Translation.boolean,
        "FilteredExpression": _Translation.filtered,
        "Path": _Translation.path,
    }
