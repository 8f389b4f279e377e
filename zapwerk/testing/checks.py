"""`standard_checks`: what every connector should pass, in one call from its tests."""

from engine import inspection, texts
from engine.sdk.connector import Connector


def standard_checks(connector: Connector, *, languages: tuple[str, ...] = ()) -> None:
    """Raises `AssertionError` with everything that must be mended, one line each, with file and line.

    Words for people are there, sentences name real fields, models make a JSON schema, choices can be called, records
    have an id of their own and say what they hold, an account is checked before it is saved, and files of translations
    name what there is. `languages` lists translations that must be complete (“de”). The same as `zapwerk connectors
    check`, which gives hints as well.
    """
    found = [_line(one) for one in inspection.problems(connector)]
    for language in languages:
        found += [f"{path} is not translated into “{language}”" for path in texts.missing(connector, language)]
    assert not found, f"connector “{connector.key}”:\n  " + "\n  ".join(found)


def _line(finding: inspection.Finding) -> str:
    return f"{finding} ({finding.file}:{finding.line})" if finding.file else str(finding)
