"""A text about a person as it stands in sentences, mails, JSON and zaps, and each of these without it. Pure; called by
`persons`.
"""

import html
import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from engine.keeping.impersonal import LEFT_OUT, impersonal
from engine.store.encoding import encode
from engine.store.mentions import Form, Row
from engine.zaps.model import Zap

STRUCTURE = frozenset({"use", "key", "connection", "is", "overlap", "language", "timezone"})
"""What a zap says to the engine, not about anybody."""


@dataclass(frozen=True)
class Wanted:
    """What is looked for, whatever its case."""

    text: str

    @property
    def folded(self) -> str:
        return self.text.casefold()

    @cached_property
    def in_json(self) -> str:
        """As it stands in JSON, folded."""
        return json.dumps(self.text, ensure_ascii=False)[1:-1].casefold()

    def is_said_by(self, folded: str) -> bool:
        """In a text that is folded, or in JSON that is."""
        return self.folded in folded or self.in_json in folded

    @cached_property
    def _written(self) -> re.Pattern[str]:
        """As a mail has it: broken over lines, or as HTML."""
        forms = {r"\s+".join(re.escape(word) for word in form.split()) for form in (self.text, html.escape(self.text))}
        return re.compile("|".join(sorted(forms)), re.IGNORECASE)

    def is_in(self, row: Row) -> bool:
        return any(self._stands_in(value, row.cut.forms[name]) for name, value in row.values.items())

    def out_of(self, row: Row) -> dict[str, Any]:
        """The row's values without it. What is on its way keeps its form, so that it can still be sent."""
        return {name: self._without(value, row.cut.forms[name]) for name, value in row.values.items()}

    def out_of_sentence(self, said: str) -> str:
        """A sentence without it, and without whatever it quotes."""
        return impersonal(self._cleared(said))

    def _stands_in(self, value: str | bytes, form: Form) -> bool:
        """Not in the names of JSON, which are ours."""
        match form:
            case Form.SENTENCE | Form.NAME:
                return self._cleared(str(value)) != value
            case Form.VALUES | Form.ZAP:
                told = json.loads(value)
                return bool(self._in_values(told, _kept(form)) != told)

    def _without(self, value: str | bytes, form: Form) -> str | bytes:
        if not self._stands_in(value, form):
            return value
        match form:
            case Form.SENTENCE:
                return self.out_of_sentence(str(value))
            case Form.NAME:
                return self._cleared(str(value))
            case Form.VALUES | Form.ZAP:
                told = encode(self._in_values(json.loads(value), _kept(form)))
                changed = told if isinstance(value, bytes) else told.decode()
                return changed if form is Form.VALUES or _is_zap(changed) else value

    def _in_values(self, value: Any, kept: frozenset[str]) -> Any:
        match value:
            case dict():
                return {name: one if name in kept else self._in_values(one, kept) for name, one in value.items()}
            case list():
                return [self._in_values(one, kept) for one in value]
            case str():
                return self._cleared(value)
        return value

    def _cleared(self, said: str) -> str:
        """“ß” and “SS” are the same folded, and not to a pattern: then nothing of it stays."""
        cleared = self._written.sub(LEFT_OUT, said)
        return LEFT_OUT if self.folded in cleared.casefold() else cleared


def _kept(form: Form) -> frozenset[str]:
    return STRUCTURE if form is Form.ZAP else frozenset()


def _is_zap(drawn: str | bytes) -> bool:
    try:
        Zap.model_validate_json(drawn)
    except ValidationError:
        return False
    return True
