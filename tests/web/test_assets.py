"""What browsers load: small, kept for ever under an address that changes with it, and complete."""

import gzip
import re
from pathlib import Path

import pytest

from web import assets, icons
from web.rendering import FOLDER

MOST = 150_000  # bytes, compressed, of all styles and scripts together: no page loads more than that
TEMPLATES = sorted(FOLDER.rglob("*.html"))


def test_all_styles_and_scripts_together_are_small():
    loaded = assets.load()
    sizes = {path: len(one.zipped) for path, one in loaded.files.items() if not path.startswith("icons/")}
    assert sum(sizes.values()) < MOST, sizes


def test_what_is_sent_compressed_is_the_file():
    loaded = assets.load()
    assert all(gzip.decompress(one.zipped) == one.plain for one in loaded.files.values())


def test_the_address_changes_with_any_file(tmp_path: Path):
    (tmp_path / "css").mkdir()
    style = tmp_path / "css" / "1.css"
    style.write_text("a { color: red }")
    before = assets.load.__wrapped__(tmp_path)
    style.write_text("a { color: blue }")
    after = assets.load.__wrapped__(tmp_path)
    assert before.url(assets.STYLE) != after.url(assets.STYLE)


def test_what_comes_from_elsewhere_has_its_licence_beside_it():
    vendored = [file for file in (assets.FOLDER / "vendor").iterdir() if file.suffix == ".js"]
    assert vendored
    assert all(file.with_name(file.name.removesuffix(".min.js") + ".LICENSE").is_file() for file in vendored)
    assert (icons.FOLDER / "LICENSE").is_file()


@pytest.mark.parametrize("template", TEMPLATES, ids=[file.relative_to(FOLDER).as_posix() for file in TEMPLATES])
def test_templates_use_files_that_there_are_and_nothing_the_policy_forbids(template: Path):
    text = template.read_text("utf-8")
    loaded = assets.load()
    assert [name for name in re.findall(r"asset\('([^']+)'\)", text) if name not in loaded.files] == []
    named = re.findall(r"icon\(\"([a-z0-9-]+)\"", text)
    assert [name for name in named if not (icons.FOLDER / f"{name}.svg").is_file()] == []
    assert not re.search(r"\sstyle=|\son[a-z]+=|javascript:|hx-on|https?://(?!127\.)[^\s\"']+\.(?:js|css)", text)
