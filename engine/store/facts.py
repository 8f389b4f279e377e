"""Facts about the installation: small named texts. Its id, its key's fingerprint, whether everything is paused."""

from sqlmodel import Session

from engine.store import ids
from engine.store.tables import SettingRow

INSTALLATION = "installation"
KEY_FINGERPRINT = "key_fingerprint"
PAUSED = "paused"
SERVED_AT = "served_at"
HEARTBEAT = "heartbeat"  # when the database was last seen to take something
BACKUPS = "backups"  # when backups are made, and how many are kept
BACKUP_CODE = "backup_code"  # what the recovery code stands for, sealed
PLACE = "place"  # where this installation ran last
RESTORED = "restored"  # what was restored, and what was decided since, zap by zap
REPLACED = "replaced"  # followed by an account's id: which one was put in its place
DEMO = "demo"  # where the demo's stand-ins have their pages; only a demo's own installation has it


def get(session: Session, name: str) -> str | None:
    row = session.get(SettingRow, name)
    return row.value if row else None


def put(session: Session, name: str, value: str) -> None:
    session.merge(SettingRow(name=name, value=value))


def drop(session: Session, name: str) -> None:
    row = session.get(SettingRow, name)
    if row is not None:
        session.delete(row)


def installation(session: Session) -> str:
    """The id of this installation, made at its first start. It is part of every idempotency key."""
    found = get(session, INSTALLATION)
    if found is None:
        found = ids.new()
        put(session, INSTALLATION, found)
    return found
