"""`zapwerk doctor`: looks at an installation without changing anything, and says what it found, matter by matter."""

import importlib.metadata
import importlib.util
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from engine import folder
from engine.connections.vault import KEY_FILE, Vault, load_keys
from engine.errors import VaultError
from engine.keeping import space
from engine.registry import Registry
from engine.settings import Settings
from engine.store import connections, facts, migrate, notice_ways, notices, profiles, watches, zapfiles, zaps
from engine.store.database import Database
from engine.store.states import ConnectionState, ZapState
from engine.store.watches import Watch
from engine.triggers import health
from engine.triggers.health import Health as Standing
from web import telling
from web.shapes import Finding, Health

DISTRIBUTION = "zapwerk"
OUR_NAMES = ("zapwerk", "engine", "connectors", "web")

Findings = Iterator[Finding]


def of(settings: Settings) -> Health:
    """Everything, in order."""
    found = [*_names(), *_data(settings)]
    if settings.database_url or (settings.data / "zapwerk.db").exists():
        found += _installation(settings)
    return Health(all(one.state != "wrong" for one in found), found)


def _ok(matter: str, sentence: str) -> Finding:
    return Finding(matter, "ok", sentence)


def _note(matter: str, sentence: str) -> Finding:
    return Finding(matter, "note", sentence)


def _wrong(matter: str, sentence: str) -> Finding:
    return Finding(matter, "wrong", sentence)


def _names() -> Findings:
    """Another distribution with one of our top-level names would be imported instead of us, or the other way round."""
    clashes = list(clashing(importlib.metadata.packages_distributions(), _where))
    yield from (_wrong("installation", sentence) for sentence in clashes)
    if not clashes:
        yield _ok("installation", f"Zapwerk {importlib.metadata.version(DISTRIBUTION)}.")


def clashing(owners: dict[str, list[str]] | object, where: Callable[[str], Path | None]) -> Iterator[str]:
    """Sentences about names that are not ours alone. `where` tells from which folder a name is imported."""
    known = dict(owners) if isinstance(owners, dict) else {}
    home = Path(__file__).parent.parent
    for name in OUR_NAMES:
        others = sorted({one for one in known.get(name, []) if one != DISTRIBUTION})
        if others:
            yield f"The package “{', '.join(others)}” also brings a module “{name}”. Uninstall it, or use an own venv."
        found = where(name)
        if found is not None and found != home:
            yield f"The module “{name}” comes from {found}, not from Zapwerk. Start Zapwerk from another folder."


def _where(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    locations = list(spec.submodule_search_locations or ()) if spec else []
    return Path(locations[0]).parent if locations else None


def _data(settings: Settings) -> Findings:
    data = settings.data
    if not data.exists():
        yield _note("data folder", f"{data} does not exist yet; `zapwerk serve` makes it.")
        return
    if not data.is_dir():
        yield _wrong("data folder", f"{data} is not a folder. Choose another one with --data.")
        return
    yield _closed("data folder", data, "700")
    if (data / KEY_FILE).exists() and not settings.secret_key:
        yield _closed("key file", data / KEY_FILE, "600")
    free = space.free_bytes(data)
    if free < space.LITTLE:
        yield _wrong("disk", f"Only {free / 1e6:.0f} MB are free where the data folder is. Please make room.")
    holder = folder.owner(data)
    if holder is None:
        yield _note("engine", "It does not run, so no zap does. Start it with: zapwerk serve")
    else:
        yield _ok("engine", f"It runs (process {holder}).")


def _closed(matter: str, path: Path, mode: str) -> Finding:
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return _wrong(matter, f"{path} can be read by other users of this computer. Close it with: chmod {mode} {path}")
    return _ok(matter, f"{path.resolve()}, readable by its owner alone.")


def _installation(settings: Settings) -> Findings:
    database = Database(settings.database)
    try:
        sound = list(_database(database))
        yield from sound
        if all(one.state == "ok" for one in sound):
            registry = Registry.load(settings.data / "connectors")
            yield from _connectors(registry)
            with database.read() as session:
                yield from _key(settings, session)
                yield from _connections(session)
                yield from _zaps(session, registry, settings)
                yield from _notices(session)
    finally:
        database.close()


def _database(database: Database) -> Findings:
    try:
        with database.connect(writes=False) as connection:
            revision = migrate.revision_of(connection)
            check = connection.exec_driver_sql("PRAGMA integrity_check").scalar() if database.is_sqlite else "ok"
    except SQLAlchemyError as error:
        yield _wrong("database", f"It cannot be read: {getattr(error, 'orig', error)}. Restore a backup.")
        return
    if check != "ok":
        yield _wrong("database", f"It is damaged: {str(check)[:200]}. Restore a backup.")
    elif revision != migrate.HEAD:
        yield _wrong("database", f"Its schema is {revision or 'empty'}, not {migrate.HEAD}. Run: zapwerk migrate")
    else:
        yield _ok("database", f"Sound; schema {revision}.")


def _connectors(registry: Registry) -> Findings:
    for broken in registry.broken:
        place = f"{broken.file}:{broken.line}" if broken.file else broken.where
        meanwhile = "An engine that loaded it before the edit goes on with what it loaded."
        yield _wrong(f"connector {broken.name}", f"{broken.reason} ({place}) {meanwhile}")
    yield _ok("connectors", ", ".join(sorted(registry.connectors)) or "none")


def _key(settings: Settings, session: Session) -> Findings:
    given = settings.secret_key.get_secret_value() if settings.secret_key else None
    if given is None and not (settings.data / KEY_FILE).exists():
        yield _wrong("key", f"{settings.data / KEY_FILE} is missing. Put it back, or connect every account again.")
        return
    try:
        keys = Vault(load_keys(given, settings.data))
    except VaultError as error:
        yield _wrong("key", str(error))
        return
    known = facts.get(session, facts.KEY_FINGERPRINT)
    if known is not None and known not in keys.fingerprints:
        yield _wrong("key", "It is not the key that sealed the credentials. Put that one back.")
        return
    sealed = [(f"“{one.name}”", one.sealed) for one in connections.every(session) if one.sealed]
    sealed += [(f"{app}, profile “{name}”", one.sealed) for (app, name), one in profiles.every(session).items()]
    sealed += [(f"notices by {kind}", way.sealed) for kind, way in notice_ways.every(session).items()]
    for name, value in sealed:
        try:
            keys.open(value)
        except VaultError:
            yield _wrong("key", f"It does not open the credentials of {name}. Remove and add it again.")
    yield _ok("key", f"It fits ({keys.fingerprint}).")


def _connections(session: Session) -> Findings:
    found = connections.every(session)
    refused = [one for one in found if one.state == ConnectionState.RECONNECT]
    for one in refused:
        yield _wrong(f"connection {one.name}", f"It needs reconnecting: {one.reason}")
    if found and not refused:
        yield _ok("connections", f"{len(found)}, none needs reconnecting.")


def _zaps(session: Session, registry: Registry, settings: Settings) -> Findings:
    running = folder.owner(settings.data) is not None
    known, now = watches.every(session), datetime.now(UTC)
    on = [zap for zap in zaps.every(session) if zap.state in (ZapState.ON, ZapState.PAUSED)]
    ill = 0
    for zap in on:
        live = zaps.live(session, zap.id) or zap.draft
        said = [zap.attention] if zap.attention else []
        said += [str(problem) for problem in zapfiles.problems(session, live, registry)]
        watch = known.get(zap.id)
        trouble = "It is on, but nothing watches its trigger." if watch is None else silent(watch, running, now)
        said += [trouble] if trouble else []
        ill += bool(said)
        yield from (_wrong(f"zap {zap.name}", sentence) for sentence in said)
    if on and not ill:
        yield _ok("zaps", f"{len(on)} switched on; their triggers work.")


def silent(watch: Watch, running: bool, now: datetime) -> str:
    """Why a trigger is not trusted to work, as a sentence; “” if it is."""
    state = health.of(watch, now)
    if state is Standing.RECONNECT:
        return "Its trigger waits for its connection to be repaired."
    if watch.problem and state in (Standing.DELAYED, Standing.FAILING):
        return f"Its trigger could not be checked ({watch.failures} times): {watch.problem}"
    if state is not Standing.FAILING or not running:  # what is only late may pass by itself
        return ""
    if watch.every_ms == 0:  # nothing is asked every so often: it is called, or due at times
        return f"Its trigger was due {telling.when(watch.next_poll_at, now)}, and was not looked at."
    return f"Its trigger was last checked {telling.when(watch.last_success_at, now)}."


def _notices(session: Session) -> Findings:
    for notice in notices.still_open(session):
        times = f" ({notice.count} times)" if notice.count > 1 else ""
        yield _wrong("notice", f"{telling.when(notice.updated_at)}: {notice.sentence}{times}")
