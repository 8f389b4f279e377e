"""The order of names in lists is the one that readers look for."""

from web.pages import zap_settings
from web.sorting import by_name


def test_letters_with_marks_stand_among_those_without():
    names = ["Zypern", "Österreich", "oman", "Åland", "Albanien", "Ägypten"]
    assert sorted(names, key=by_name) == ["Ägypten", "Åland", "Albanien", "oman", "Österreich", "Zypern"]


def test_austria_is_found_among_the_countries_with_o():
    names = [name for _, name in zap_settings._countries("de")]
    assert names.index("Oman") < names.index("Österreich") < names.index("Pakistan")
