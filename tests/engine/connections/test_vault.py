"""Sealed values open with the right keys only; the key file is created once and is ours alone."""

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.connections.vault import KEY_FILE, Vault, keep_newest, load_keys, new_key, rotate_file
from engine.errors import VaultError

PASSPHRASE = "correct horse battery staple, twice over"


def test_what_was_sealed_can_be_opened_and_shows_nothing():
    vault = Vault([new_key()])
    sealed = vault.seal({"password": "geheim-ü", "port": 993, "n": None, "odd": "\ud800"})
    assert vault.open(sealed) == {"password": "geheim-ü", "port": 993, "n": None, "odd": "\ud800"}
    assert b"geheim" not in sealed


def test_another_key_is_told_in_words_that_help():
    sealed = Vault([new_key()]).seal("x")
    with pytest.raises(VaultError, match="ZAPWERK_SECRET_KEY"):
        Vault([new_key()]).open(sealed)


@pytest.mark.parametrize("damaged", [b"", b"nonsense", b"gAAAA" + b"A" * 90], ids=["empty", "short", "forged"])
def test_damaged_values_are_refused(damaged):
    with pytest.raises(VaultError):
        Vault([new_key()]).open(damaged)


def test_after_resealing_the_old_key_is_not_needed_any_more():
    old, new = new_key(), new_key()
    resealed = Vault([new, old]).reseal(Vault([old]).seal("x"))
    assert Vault([new]).open(resealed) == "x"
    with pytest.raises(VaultError):
        Vault([old]).open(resealed)


def test_a_vault_without_keys_cannot_be_made():
    with pytest.raises(VaultError):
        Vault([])


def test_the_fingerprint_tells_keys_apart_without_telling_them():
    first, second = new_key(), new_key()
    vault = Vault([first, second])
    assert vault.fingerprint == vault.fingerprints[0] == Vault([first]).fingerprint != Vault([second]).fingerprint
    assert vault.fingerprint not in first.decode()


def test_the_key_file_is_made_once_and_only_we_can_read_it(tmp_path):
    keys = load_keys(None, tmp_path)
    assert load_keys("  ", tmp_path) == keys
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


def test_many_that_start_at_once_agree_on_one_key(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: load_keys(None, tmp_path), range(16)))
    assert len(found) == 1


def test_a_key_file_that_others_can_read_is_refused(tmp_path):
    load_keys(None, tmp_path)
    (tmp_path / KEY_FILE).chmod(0o640)
    with pytest.raises(VaultError, match="chmod 600"):
        load_keys(None, tmp_path)


@pytest.mark.parametrize(
    "content", ["", "# only words\n", "short\n", "ä\n"], ids=["empty", "comment", "short", "not ascii"]
)
def test_a_damaged_key_file_is_never_replaced_by_itself(tmp_path, content):
    path = tmp_path / KEY_FILE
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(VaultError):
        load_keys(None, tmp_path)
    assert path.read_text() == content


def test_a_data_folder_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(VaultError, match="cannot be written"):
        load_keys(None, tmp_path / "missing")


def test_the_setting_takes_keys_and_passphrases_newest_first(tmp_path):
    key = new_key()
    keys = load_keys(f"{PASSPHRASE}, {key.decode()}".replace("staple,", "staple"), tmp_path)
    assert keys[1] == key
    assert Vault(keys).open(Vault([key]).seal(1)) == 1
    assert not (tmp_path / KEY_FILE).exists()


def test_a_passphrase_gives_the_same_key_every_time(tmp_path):
    passphrase = PASSPHRASE.replace(",", "")
    assert load_keys(passphrase, tmp_path) == load_keys(passphrase, tmp_path)


def test_a_short_passphrase_is_refused_without_being_shown(tmp_path):
    with pytest.raises(VaultError, match="at least 32") as refused:
        load_keys("hunter2", tmp_path)
    assert "hunter2" not in str(refused.value)


def test_rotation_adds_a_first_key_and_ends_by_dropping_the_others(tmp_path):
    before = load_keys(None, tmp_path)
    during = rotate_file(tmp_path)
    assert during[1:] == before
    assert load_keys(None, tmp_path) == during
    assert keep_newest(tmp_path) == during[:1] == load_keys(None, tmp_path)
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
