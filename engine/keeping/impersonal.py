"""Sentences without what they say about people, as far as that can be told: what they quote, addresses, and numbers as
long as a telephone's. Pure; called where contents are deleted and the sentence stays.
"""

import re

LEFT_OUT = "…"

_QUOTED = re.compile(r"“[^”]*”|„[^“”]*[“”]|«[^»]*»|\"[^\"]*\"|(?<!\w)'[^']*'(?!\w)|(?<!\w)‘[^’]*’(?!\w)")
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"“”„]+@[^\s<>()\[\],;:\"“”„]+")
_NUMBER = re.compile(r"\+?\d(?:[ ./-]?\d){4,}")


def impersonal(sentence: str) -> str:
    """What a program said, without the values it quoted."""
    for pattern, instead in ((_QUOTED, f"“{LEFT_OUT}”"), (_ADDRESS, LEFT_OUT), (_NUMBER, LEFT_OUT)):
        sentence = pattern.sub(instead, sentence)
    return sentence
