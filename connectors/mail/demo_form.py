"""The form of the demo mailbox's page. What was typed stays when something is wrong with it. Called by `demo_pages`."""

from collections.abc import Mapping

from connectors.mail.demo_letters import LONGEST_LINE, LONGEST_TEXT, READY, Letter
from connectors.practice.markup import Html, Value, tag
from connectors.practice.pages import picture
from connectors.practice.words import Words


def shown(words: Words, letter: Letter, wrong: Mapping[str, str], *, sent: bool, ready: str) -> Html:
    """The form, filled with the letter. `wrong` has a sentence by field, and by "" one for all of it."""
    fields = (
        _line(words, "name", letter.name, wrong),
        _line(words, "address", letter.address, wrong, required=True, inputmode="email"),
        _line(words, "subject", letter.subject, wrong, hint="subject_hint"),
        _text(words, letter.text, wrong),
    )
    button = tag("div", tag("button", words("send"), class_="primary"), class_="buttons")
    form = tag("form", *fields, button, method="post", action="/", novalidate=True, autocomplete="off")
    heading = tag("h2", words("write"), id="write")
    return tag(
        "section",
        heading,
        *_note(words, wrong, sent=sent),
        *_ready(words, ready),
        form,
        class_="card",
        aria_labelledby="write",
    )


def _note(words: Words, wrong: Mapping[str, str], *, sent: bool) -> list[Html]:
    if wrong:
        return [tag("p", picture("alert"), wrong.get("") or words("check"), class_="note bad", role="alert")]
    return [tag("p", picture("check"), words("sent"), class_="note", role="status")] if sent else []


def _ready(words: Words, chosen: str) -> list[Html]:
    links = [
        tag("li", tag("a", words(key), href=f"/?ready={key}", aria_current="true" if key == chosen else None))
        for key in READY
    ]
    label = tag("p", words("ready"), class_="quiet", id="ready")
    return [label, tag("ul", *links, class_="ready", aria_labelledby="ready")]


def _line(
    words: Words, name: str, value: str, wrong: Mapping[str, str], *, hint: str = "", **attributes: Value
) -> Html:
    common = _common(name, wrong, hint=hint, maxlength=LONGEST_LINE, **attributes)
    return _field(words, name, wrong, tag("input", type="text", value=value, **common), hint=hint)


def _text(words: Words, value: str, wrong: Mapping[str, str]) -> Html:
    common = _common("text", wrong, required=True, maxlength=LONGEST_TEXT)
    return _field(words, "text", wrong, tag("textarea", f"\n{value}", **common))  # browsers drop the first line break


def _field(words: Words, name: str, wrong: Mapping[str, str], control: Html, *, hint: str = "") -> Html:
    optional = [" ", tag("span", words("optional"), class_="optional")] if name == "name" else []
    label = tag("label", words(name), *optional, for_=name)
    below = [tag("p", words(hint), class_="hint", id=f"{name}-hint")] if hint else []
    if name in wrong:
        below.append(tag("p", picture("alert"), wrong[name], class_="error", id=f"{name}-error"))
    return tag("div", label, control, *below, class_="field")


def _common(name: str, wrong: Mapping[str, str], *, hint: str = "", **attributes: Value) -> dict[str, Value]:
    told = [f"{name}-hint"] * bool(hint) + [f"{name}-error"] * (name in wrong)
    return {
        "id": name,
        "name": name,
        "aria_invalid": "true" if name in wrong else None,
        "aria_describedby": " ".join(told) or None,
        "autofocus": name in wrong and name == next(iter(wrong)),
        **attributes,
    }
