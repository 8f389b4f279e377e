"""What people are told of a run that waits for their decision. Called where a step finds that out.

Said in both languages at once: later nobody knows any more which app's words the title of the action was from.
"""

from functools import lru_cache
from typing import Any

from engine.errors import Sentence
from engine.sdk.connector import Connector, Operation
from engine.texts import Texts, place_of
from engine.zaps.retold import retold


def please_check(operation: Operation[Any, Any], connector: Connector, why: str) -> Sentence:
    """“Please check whether “Create client” went through: …”"""
    texts = _texts(connector)
    title = texts.of(f"{place_of(operation)}.title", operation.title)
    return Sentence(_asked(operation.title, why), retold(_asked(title, why), texts.language, texts))


def _asked(title: str, why: str) -> str:
    return f"Please check whether “{title}” went through: {why}"


@lru_cache(maxsize=128)
def _texts(connector: Connector) -> Texts:
    """Kept, because a thousand runs may come to this at once; an edited connector is another one."""
    return Texts.load(connector, "de")
