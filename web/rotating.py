"""`zapwerk secrets rotate`: a new key, and everything sealed with it. Safe to be killed at any point, and to repeat.

The new key is put in front of the old ones in the key file; then everything is sealed again in one transaction; only
then the old keys go. At every moment the file holds a key for whatever is stored. A running engine looks at the file
whenever it seals or opens, so it takes part without a restart.
"""

from datetime import UTC, datetime
from pathlib import Path

from sqlmodel import Session

from engine import folder
from engine.backup import codes
from engine.connections import vault
from engine.connections.vault import KEY_FILE, Vault
from engine.errors import Refused, VaultError
from engine.settings import Settings
from engine.store import connections, facts, hooks, notice_ways, people, profiles, typed
from engine.store.database import Database


def rotate(settings: Settings, database: Database) -> int:
    """How many credentials were sealed again. Raises `Refused`, `VaultError`; then nothing was changed."""
    given = settings.secret_key.get_secret_value() if settings.secret_key else ""
    with folder.key_lock(settings.data):
        keys = vault.load_keys(given or None, settings.data)
        _must_open(database, Vault(keys))
        if given:
            return _seal_again(database, Vault(_of_setting(keys, settings)))
        _forget_drafts(settings.data)
        count = _seal_again(database, Vault(vault.rotate_file(settings.data)))
        _drop_old_keys(database, settings.data)
        return count


def _of_setting(keys: tuple[bytes, ...], settings: Settings) -> tuple[bytes, ...]:
    if len(keys) == 1:
        raise Refused(
            "The key comes from ZAPWERK_SECRET_KEY, so it is changed there: put a new one in front of the old one, "
            "with a comma (ZAPWERK_SECRET_KEY=new,old). Stop Zapwerk, run this command again, then take the old one "
            "out and start Zapwerk."
        )
    if folder.owner(settings.data) is not None:
        raise Refused(
            "Zapwerk runs, perhaps with the old ZAPWERK_SECRET_KEY only. Stop it, run this command again, and start it."
        )
    return keys


def _must_open(database: Database, keys: Vault) -> None:
    """Before anything is changed: one that cannot be opened would stop the rotation half-way."""
    with database.read() as session:
        for one in connections.every(session):
            if one.sealed is not None and not _opens(keys, one.sealed):
                raise Refused(
                    f"The credentials of “{one.name}” cannot be opened with the key at hand. Put back the right key, "
                    f"or remove the connection: zapwerk connections remove {one.id}"
                )
        for (app, name), filled in profiles.every(session).items():
            if not _opens(keys, filled.sealed):
                raise Refused(f"The profile “{name}” of {app} cannot be opened with the key at hand. Put it back.")
        for zap_id, token in hooks.every(session).items():
            if not _opens(keys, token):
                raise Refused(
                    "The address of a webhook cannot be opened with the key at hand. Put back the right key, or give "
                    f"the zap another address: zapwerk zaps address {zap_id} --new"
                )
        for person_id, secret in people.sealed(session).items():
            if not _opens(keys, secret):
                who = people.find(session, person_id)
                raise Refused(
                    f"The second factor of {who.name} cannot be opened with the key at hand. Put back the right key, "
                    f"or take it away: zapwerk people link {who.email} --without-second-factor"
                )
        for kind, way in notice_ways.every(session).items():
            if not _opens(keys, way.sealed):
                raise Refused(
                    f"The way to tell people by {kind} cannot be opened with the key at hand. Put back the right key, "
                    "or set it up anew under Settings, Notices."
                )
        if not codes.opens(session, keys):
            raise Refused(
                "What is kept of the recovery code cannot be opened with the key at hand. Put back the right key, or "
                "make a new code: zapwerk backup code"
            )


def _opens(keys: Vault, sealed: bytes) -> bool:
    try:
        keys.open(sealed)
    except VaultError:
        return False
    return True


def _seal_again(database: Database, keys: Vault) -> int:
    with database.write() as session:
        return _sealed(session, keys)


def _drop_old_keys(database: Database, data: Path) -> None:
    """Inside a writing transaction: nobody else can store something sealed with an old key meanwhile."""
    with database.write() as session:
        _sealed(session, Vault(vault.load_keys(None, data)))
        newest = Vault(vault.load_keys(None, data)[:1])
        session.flush()
        assert all(_opens(newest, one.sealed) for one in connections.every(session) if one.sealed is not None)
        assert all(_opens(newest, filled.sealed) for filled in profiles.every(session).values())
        assert all(_opens(newest, token) for token in hooks.every(session).values())
        assert all(_opens(newest, secret) for secret in people.sealed(session).values())
        assert all(_opens(newest, way.sealed) for way in notice_ways.every(session).values())
        assert codes.opens(session, newest)
    vault.keep_newest(data)


def _sealed(session: Session, keys: Vault) -> int:
    now, count = datetime.now(UTC), 0
    for one in connections.every(session):
        if one.sealed is not None:
            connections.set_sealed(session, one.id, keys.reseal(one.sealed), now=now)
            count += 1
    for (app, name), filled in profiles.every(session).items():
        profiles.put(session, app, name, keys.reseal(filled.sealed), filled.allowed_hosts, now=now)
        count += 1
    for zap_id, token in hooks.every(session).items():
        hooks.set_sealed(session, zap_id, keys.reseal(token))
        count += 1
    for person_id, secret in people.sealed(session).items():
        people.set_sealed(session, person_id, keys.reseal(secret))
        count += 1
    for kind, way in notice_ways.every(session).items():
        notice_ways.set_sealed(session, kind, keys.reseal(way.sealed))
        count += 1
    codes.reseal(session, keys)
    count += typed.reseal(session, lambda token: _resealed(keys, token))
    facts.put(session, facts.KEY_FINGERPRINT, keys.fingerprint)
    return count


def _resealed(keys: Vault, token: bytes) -> bytes | None:
    """None for what no key here opens: its zap asks for it to be entered again, whatever becomes of the keys."""
    try:
        return keys.reseal(token)
    except VaultError:
        return None


def _forget_drafts(data: Path) -> None:
    """What a killed rotation left behind holds keys."""
    for draft in data.glob(f".{KEY_FILE}.*"):
        draft.unlink(missing_ok=True)
