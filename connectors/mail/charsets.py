"""Turns the bytes of a mail into text that any store takes: no lone surrogates, no NUL. Never raises.

Called by `headers` and `parts`. A charset label is a claim, not a fact: unknown ones raise LookupError before
`errors="replace"` can help, and wrong ones are common.
"""

import codecs
import re

_PLAUSIBLE_LABEL = re.compile(r"[a-z0-9][a-z0-9_.:+-]{0,39}")
# Python has more codecs than mail has charsets, and some are slow (punycode is quadratic) or no charsets at all (zip).
_CHARSETS_OF_MAIL = re.compile(
    r"ascii|utf-(?:7|8|8-sig|16|16-[bl]e|32|32-[bl]e)|iso8859-\d+|iso2022_\w+|cp\d+|koi8-\w+|mac-\w+|big5(?:hkscs)?"
    r"|gb2312|gbk|gb18030|hz|euc_\w+|shift_jis\w*|johab|tis-620|ptcp154|hp-roman8"
)
_ONE_BYTE_WESTERN = {"ascii", "iso8859-1", "cp1252"}
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def decode(data: bytes, label: str = "") -> str:
    """The text of `data`, which claims the charset `label`."""
    for mark, charset in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return storable(data[len(codecs.BOM_UTF8) :] if charset == "utf-8" else data, charset)
    charset = known(label)
    if not charset or charset in _ONE_BYTE_WESTERN or charset == "utf-8":
        return _western(data)
    return storable(data, charset)


def known(label: str) -> str:
    """Python's name of the charset, or "" if it is none that mails are written in."""
    label = label.strip(" \t\"'").lower()
    if not _PLAUSIBLE_LABEL.fullmatch(label):
        return ""
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        return ""
    return name if _CHARSETS_OF_MAIL.fullmatch(name) else ""


def storable(data: bytes, charset: str) -> str:
    """`data` in a charset that exists, undecodable bytes replaced."""
    try:
        return clean(data.decode(charset, "replace"))
    except (UnicodeError, ValueError):
        return _western(data)


def clean(text: str) -> str:
    """`text` without what UTF-8 or a database refuses."""
    return _UNSTORABLE.sub("\ufffd", text)


def _western(data: bytes) -> str:
    """UTF-8 if it is that: text in a one-byte charset is practically never valid UTF-8 by chance."""
    try:
        return clean(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        # A mail cut in the middle of a character is still UTF-8.
        if error.start > len(data) - 4 and error.reason == "unexpected end of data":
            return clean(data.decode("utf-8", "replace"))
    return clean(data.decode("cp1252", "replace"))
