"""Seals what must not be readable in the database, and keeps the keys. The only user of `cryptography`.

The runtime loads the keys once at start; the store keeps only what `Vault.seal` gave it. The first key seals, all of
them open: a rotation adds a new first key, seals everything again, and then old keys may go.
"""

import base64
import binascii
import hashlib
import json
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from engine.errors import VaultError

KEY_FILE = "secret.key"
MIN_PASSPHRASE = 32  # characters
# A passphrase is typed once and used for years; no other secret may come out of the same derivation.
_SALT = b"zapwerk vault, version 1"
CODE_COST = 2**15  # of scrypt: about 0.1 s and 32 MB for each try of a recovery code
_HEADER = "# The keys that seal your passwords. Without them every connection must be made again: keep a copy.\n"

OTHER_KEY = (
    "the secret key is not the one that sealed this installation's credentials. Put that one back; everything is kept, "
    "and goes on then. These connections cannot be used until then: {names}"
)


class Vault:
    """Seals JSON values. A vault with other keys than those that sealed cannot open them.

    `file` is the key file, if the keys come from it: another process may put a new key into it, so it is looked at
    before each use. Keys once known still open, for what was read just before a rotation.
    """

    def __init__(self, keys: Sequence[bytes], *, file: Path | None = None) -> None:
        if not keys:
            raise VaultError("There is no key to seal passwords with.")
        self._file = file
        self._seen: tuple[int, int] | None = None
        self._take(keys)

    def seal(self, value: Any) -> bytes:
        """`value` (anything JSON can say), readable only with the newest key."""
        self._look()
        return self._fernet.encrypt(json.dumps(value, separators=(",", ":")).encode())

    def open(self, sealed: bytes) -> Any:
        """The value that was sealed. Raises `VaultError` for another key and for damaged data."""
        return json.loads(self._opened(lambda: self._fernet.decrypt(sealed)))

    def opens(self, sealed: bytes) -> bool:
        """Whether a key at hand opens this."""
        try:
            self.open(sealed)
        except VaultError:
            return False
        return True

    def reseal(self, sealed: bytes) -> bytes:
        """The same value sealed with the newest key."""
        return self._opened(lambda: self._fernet.rotate(sealed))

    @property
    def fingerprint(self) -> str:
        """Tells the newest key from others without telling the key: may be stored and shown."""
        self._look()
        return fingerprint_of(self._keys[0])

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """Of all keys, newest first."""
        self._look()
        return tuple(fingerprint_of(key) for key in self._keys)

    def _take(self, keys: Sequence[bytes]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self._keys = tuple(keys)

    def _look(self) -> None:
        """Takes the file's keys if it was changed; one that cannot be read now changes nothing."""
        stamp = _stamp(self._file)
        if self._file is None or stamp is None or stamp == self._seen:
            return
        with suppress(VaultError):
            self._take(list(dict.fromkeys((*_read(self._file), *self._keys))))
            self._seen = stamp

    def _opened(self, work: Any) -> bytes:
        self._look()
        try:
            opened: bytes = work()
        except InvalidToken as error:
            raise VaultError(
                "A stored password cannot be read with the key at hand. Put back the key it was saved with "
                f"(ZAPWERK_SECRET_KEY, or the file {KEY_FILE} in the data folder), or enter the password again."
            ) from error
        return opened


def new_key() -> bytes:
    """A fresh random key."""
    return Fernet.generate_key()


def fingerprint_of(key: bytes) -> str:
    """Twelve hex digits that name a key. One way: the key cannot be had from them."""
    return hashlib.blake2b(key, digest_size=6, person=b"zapwerk-key").hexdigest()


def load_keys(secret_key: str | None, data: Path) -> tuple[bytes, ...]:
    """The keys, newest first: from the setting if it is given, else from DATA/secret.key, created when missing."""
    if secret_key and secret_key.strip():
        return tuple(key_from(part.strip()) for part in secret_key.split(",") if part.strip())
    path = data / KEY_FILE
    if not path.exists():
        _create(path, _written([new_key()]))
    return _read(path)


def key_from(text: str) -> bytes:
    """A key from what a person set: a Fernet key as it is, or one derived from a long passphrase."""
    if _is_key(text):
        return text.encode()
    if len(text) < MIN_PASSPHRASE:
        raise VaultError(
            f"ZAPWERK_SECRET_KEY is too short: use at least {MIN_PASSPHRASE} characters that nobody can guess."
        )
    derived = Scrypt(salt=_SALT, length=32, n=2**14, r=8, p=1).derive(text.encode())
    return base64.urlsafe_b64encode(derived)


def key_of_code(code: str, salt: bytes) -> bytes:
    """The key that a recovery code stands for: it opens what `seal_with` sealed, without this installation."""
    return base64.urlsafe_b64encode(Scrypt(salt=salt, length=32, n=CODE_COST, r=8, p=1).derive(code.encode()))


def seal_with(key: bytes, content: bytes) -> bytes:
    """`content`, readable only with this key."""
    return Fernet(key).encrypt(content)


def open_with(key: bytes, sealed: bytes) -> bytes | None:
    """What `seal_with` sealed; None for another key."""
    try:
        return Fernet(key).decrypt(sealed)
    except InvalidToken:
        return None


def write_file(data: Path, keys: Sequence[bytes]) -> None:
    """Put these keys, newest first, into DATA/secret.key."""
    _replace(data / KEY_FILE, _written(keys))


def rotate_file(data: Path) -> tuple[bytes, ...]:
    """Put a new first key into DATA/secret.key, keeping the old ones behind it. All keys, newest first."""
    path = data / KEY_FILE
    keys = (new_key(), *(_read(path) if path.exists() else ()))
    _replace(path, _written(keys))
    return keys


def keep_newest(data: Path) -> tuple[bytes, ...]:
    """Drop all keys of DATA/secret.key but the first: the end of a rotation, when everything is sealed again."""
    path = data / KEY_FILE
    newest = _read(path)[:1]
    _replace(path, _written(newest))
    return newest


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, altchars=b"-_", validate=True)) == 32
    except (binascii.Error, ValueError):
        return False


def _stamp(path: Path | None) -> tuple[int, int] | None:
    """Tells one state of a file from another: it is always replaced as a whole."""
    try:
        found = path.stat() if path else None
    except OSError:
        return None
    return (found.st_ino, found.st_mtime_ns) if found else None


def _written(keys: Sequence[bytes]) -> bytes:
    return _HEADER.encode() + b"".join(key + b"\n" for key in keys)


def _read(path: Path) -> tuple[bytes, ...]:
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise VaultError(f"The key file {path} cannot be read: {error}.") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise VaultError(f"The key file {path} can be read by others. Close it with: chmod 600 {path}")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines or not all(_is_key(line) for line in lines):
        raise VaultError(f"The key file {path} is damaged. Put back your copy of it.")
    return tuple(line.encode() for line in lines)


def _create(path: Path, content: bytes) -> None:
    """Write a file that only we may read. Another process that came first wins; its file stays."""
    draft = _draft(path, content)
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    except OSError:
        draft.rename(path)  # some network folders know no links; the engine's lock keeps others away there
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _replace(path: Path, content: bytes) -> None:
    _draft(path, content).replace(path)
    _sync_folder(path.parent)


def _draft(path: Path, content: bytes) -> Path:
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise VaultError(f"The key file {path} cannot be written: {error}.") from error
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return draft


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
