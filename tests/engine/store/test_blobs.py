"""Files are kept whole or not at all, once for each content, and go when nobody knows them any more."""

import asyncio
import os
import time

import pytest

from engine.sdk.errors import PermanentFailure
from engine.sdk.records import File
from engine.store.blobs import PIECE, AsyncBlobs, Blobs, clean_name

DAY = 24 * 3600


@pytest.fixture
def blobs(tmp_path):
    return Blobs(tmp_path / "blobs", max_bytes=1024 * 1024)


def kept(blobs):
    return sorted(path for path in blobs.folder.rglob("*") if path.is_file())


def age(blobs, seconds):
    for path in kept(blobs):
        os.utime(path, (time.time() - seconds,) * 2)


def test_content_comes_back_as_it_was_saved(blobs):
    content = os.urandom(PIECE * 2 + 7)
    file = blobs.save("Rechnung.pdf", iter([content[:10], content[10:]]))
    assert (file.name, file.content_type, file.size) == ("Rechnung.pdf", "application/pdf", len(content))
    assert b"".join(blobs.read(file)) == content
    assert blobs.size(file.ref) == len(content)


def test_the_same_content_is_kept_once_under_any_name(blobs):
    first, second = blobs.save("a.txt", b"same"), blobs.save("b.bin", b"same", "text/x-own")
    assert first.ref == second.ref
    assert second.content_type == "text/x-own"
    assert len(kept(blobs)) == 1


def test_an_empty_file_is_a_file(blobs):
    assert list(blobs.read(blobs.save("leer", b""))) == []


def test_a_file_that_is_too_large_leaves_nothing_behind(blobs):
    with pytest.raises(PermanentFailure, match="larger than 1 MB"):
        blobs.save("groß.bin", (b"x" * 65536 for _ in range(100)))
    assert kept(blobs) == []


def test_a_source_that_breaks_off_leaves_nothing_behind(blobs):
    def breaking():
        yield b"half"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        blobs.save("halb", breaking())
    assert kept(blobs) == []


def test_what_is_gone_is_told_by_name(blobs):
    file = blobs.save("a.txt", b"x")
    assert blobs.delete(file.ref)
    assert not blobs.delete(file.ref)
    assert blobs.size(file.ref) is None
    with pytest.raises(PermanentFailure, match=r"a\.txt"):
        list(blobs.read(file))


@pytest.mark.parametrize(
    "ref", ["", "sha256:../../etc/passwd", "md5:" + "a" * 64, "sha256:" + "A" * 64, "sha256:" + "a" * 64 + "\n"]
)
def test_only_addresses_of_kept_files_are_looked_up(blobs, ref):
    with pytest.raises(PermanentFailure):
        list(blobs.read(File(ref=ref, name="x")))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("C:\\Users\\a\\Rechnung.pdf", "Rechnung.pdf"),
        ("../../etc/passwd", "passwd"),
        ("a\x00b\r\n.txt", "ab.txt"),
        ("\ud800.txt", "?.txt"),
        ("Ä ü.txt", "Ä ü.txt"),
        ("..", "file"),
        ("", "file"),
        ("x" * 500, "x" * 200),
    ],
    ids=["windows path", "upwards", "control characters", "lone surrogate", "umlauts", "dots", "empty", "long"],
)
def test_names_are_made_safe(given, expected):
    assert clean_name(given) == expected


def test_a_sweep_takes_old_files_that_nobody_knows(blobs):
    known, unknown = blobs.save("a", b"known"), blobs.save("b", b"unknown")
    age(blobs, 2 * DAY)
    young = blobs.save("c", b"young")
    assert blobs.sweep({known.ref}) == 1
    assert [blobs.size(file.ref) for file in (known, unknown, young)] == [5, None, 5]


def test_saving_again_protects_an_old_file_from_the_sweep(blobs):
    blobs.save("a", b"again")
    age(blobs, 2 * DAY)
    file = blobs.save("a", b"again")
    assert blobs.sweep(set()) == 0
    assert list(blobs.read(file)) == [b"again"]


def test_a_sweep_takes_what_a_crash_left_half_written(blobs):
    draft = blobs.draft("x")
    draft.write(b"half")
    draft.file.close()
    age(blobs, 2 * DAY)
    blobs.sweep(set())
    assert kept(blobs) == []


def test_async_functions_see_the_same_files(blobs):
    async def pieces():
        for _ in range(1000):
            yield b"0123456789"

    async def use():
        files = AsyncBlobs(blobs)
        whole, streamed = await files.save("a", b"0123456789" * 1000), await files.save("b.csv", pieces())
        return whole, streamed, b"".join([piece async for piece in files.read(streamed)])

    whole, streamed, content = asyncio.run(use())
    assert whole.ref == streamed.ref
    assert streamed.content_type == "text/csv"
    assert content == b"0123456789" * 1000


def test_an_async_source_that_breaks_off_leaves_nothing_behind(blobs):
    async def breaking():
        yield b"half"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        asyncio.run(AsyncBlobs(blobs).save("halb", breaking()))
    assert kept(blobs) == []
