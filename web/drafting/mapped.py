"""What stands in a field, for reading: text and pills, each pill called as the data it stands for. Pure."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.editing.data import DataGroup
from web.trees import shown

MAX_SHOWN = 2_000  # characters of one value
MAX_PARTS = 60
_PILL = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_QUOTED = re.compile(r"""\[(?:'|")([A-Za-z_][A-Za-z0-9_]*)(?:'|")\]""")
_LAST = re.compile(r"""(?:\.([A-Za-z_]\w*)|\[['"]([^'"]+)['"]\])\Z""")
_OR = re.compile(r"\|\s*default:\s*([A-Za-z_][\w.\[\]'\" -]*)")


@dataclass(frozen=True)
class Part:
    """A piece of text, or a pill. Of a pill, `app` has the icon, and `otherwise` is what counts where it is empty."""

    text: str
    pill: bool = False
    app: str = ""
    otherwise: str = ""


@dataclass(frozen=True)
class Titles:
    """What the data of a zap is called, by the expressions that stand for it."""

    by_path: Mapping[str, tuple[str, str]]

    @classmethod
    def of(cls, groups: Iterable[DataGroup]) -> "Titles":
        return cls({field.path: (field.title, group.app) for group in groups for field in group.all()})

    def parts(self, value: Any) -> tuple[Part, ...]:
        """Anything that may stand in a field."""
        if value is None:
            return ()
        if isinstance(value, list) and any(map(_is_choice, value)):
            value = ", ".join(str(_words(one)) for one in value)
        value = _words(value)
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        return tuple(self._cut(text[:MAX_SHOWN]))[:MAX_PARTS]

    def _cut(self, text: str) -> Iterator[Part]:
        at = 0
        for found in _PILL.finditer(text):
            if found.start() > at:
                yield Part(shown(text[at : found.start()]))
            yield self._pill(found.group(1))
            at = found.end()
        if at < len(text):
            yield Part(shown(text[at:]))

    def _pill(self, expression: str) -> Part:
        title, app = self._named(expression.partition("|")[0].strip())
        otherwise = _OR.search(expression)
        other, _app = self._named(otherwise.group(1).strip()) if otherwise else ("", "")
        return Part(shown(title), pill=True, app=app, otherwise=shown(other))

    def _named(self, expression: str) -> tuple[str, str]:
        """What it is called, and its app; what no sample has is called by the last of its names."""
        path = _QUOTED.sub(r".\1", expression)
        found = self.by_path.get(path) or self.by_path.get(expression)
        if found is not None:
            return found
        last = _LAST.search(expression)
        return (last.group(1) or last.group(2), "") if last else (expression, "")


def _is_choice(value: Any) -> bool:
    return isinstance(value, Mapping) and "value" in value and "label" in value


def _words(value: Any) -> Any:
    """A choice of a service by the words it was chosen by."""
    return (value["label"] or value["value"]) if _is_choice(value) else value
