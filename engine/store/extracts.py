"""The index of extracts: which runs have which words. Called by engine.history.

SQLite's FTS5 keeps for each word the numbers of its runs and nothing else (about 400 bytes for a run); PostgreSQL keeps
a tsvector with a GIN index. Numbers sort by when a run was created, so the newest are found first. Besides words a run
has *tags*, its zap and its state, so that a rare one among them makes a common word cheap.
"""

import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, text

from engine.store import gathered, ids
from engine.store.hot import Statement
from engine.store.states import RunState

PER_SECOND_BITS = 12  # numbers for each second; what is more goes into the next second's
SHORTEST_BEGINNING = 3
"""Characters that may begin a word; fewer are a whole word. So are just as many, on SQLite, where more than
`MOST_CONTINUED` words begin with them: most runs have one of these, and collecting them all takes a second."""
MOST_CONTINUED = 100  # words with one beginning that are looked up one by one, newest runs first

_ZAP, _STATE = "\ue000", "\ue001"  # private use: in no word


def _state_tag(state: RunState) -> str:
    """In one piece: SQLite takes “_” for the end of a word."""
    return _STATE + state.replace("_", "")


@dataclass(frozen=True)
class Extract:
    """What is indexed of a run. `final`: it has ended, and nothing of it will change."""

    run_id: str
    zap_id: str
    state: RunState
    label: str
    words: Sequence[str]
    final: bool

    @property
    def terms(self) -> list[str]:
        return [*self.words, _ZAP + self.zap_id, _state_tag(self.state)]


@dataclass(frozen=True)
class Search:
    """Runs that have all these words, or words that begin so, and one of the zaps and of the states, where given.

    `first` and `last` bound their numbers: `last` is not included. `match` is how the database is asked (`prepared`).
    """

    words: Sequence[str]
    zap_ids: Collection[str] = ()
    states: Collection[RunState] = ()
    first: int = 0
    last: int = 1 << 62
    match: str = ""

    @property
    def tags(self) -> list[list[str]]:
        tags = [[_ZAP + zap_id for zap_id in self.zap_ids], [_state_tag(state) for state in self.states]]
        return [each for each in tags if each]


@dataclass(frozen=True)
class Hit:
    """A run that was found, and its number."""

    number: int
    run_id: str


def number_at(milliseconds: int) -> int:
    """The first number of the runs that were created in that second."""
    return (milliseconds // 1000) << PER_SECOND_BITS


def put(connection: Connection, extract: Extract) -> None:
    """Indexes a run anew. What was final stays as it is."""
    if connection.dialect.name == "sqlite":
        _put_on_sqlite(connection, extract)
    else:
        _put_on_postgresql(connection, extract)


def unknown(connection: Connection, run_ids: Sequence[str]) -> list[str]:
    """Those of these runs that are not indexed, in their order."""
    names = {f"run_{place}": run_id for place, run_id in enumerate(run_ids)}
    if not names:
        return []
    sql = f"SELECT run_id FROM extract WHERE run_id IN ({', '.join(f':{name}' for name in names)})"  # noqa: S608
    known = set(connection.execute(text(sql), names).scalars())
    return [run_id for run_id in run_ids if run_id not in known]


def prepared(connection: Connection, search: Search) -> Search:
    """The search as the database is asked: on SQLite it was looked up which words begin so, which is done once."""
    match = _match(connection, search) if connection.dialect.name == "sqlite" else _tsquery(search)
    return replace(search, match=match)


def find(connection: Connection, search: Search, limit: int) -> list[Hit]:
    """The newest that fit a search that was `prepared`."""
    sqlite = connection.dialect.name == "sqlite"
    sql = (
        "SELECT extract.id, extract.run_id FROM search CROSS JOIN extract ON extract.id = search.rowid "
        "WHERE search MATCH :match AND search.rowid >= :first AND search.rowid < :last "
        "ORDER BY search.rowid DESC LIMIT :most"
        if sqlite
        else "SELECT id, run_id FROM extract WHERE words @@ CAST(:match AS tsquery) AND id >= :first AND id < :last "
        "ORDER BY id DESC LIMIT :most"
    )
    found = gathered.rows(connection, sql, ["id", "run_id"], _values(search, limit))
    return [Hit(number, run_id) for number, run_id in found]


def count(connection: Connection, search: Search, cap: int) -> int:
    """How many fit a search that was `prepared`, counted up to `cap`."""
    fitting = (
        "search WHERE search MATCH :match AND rowid >= :first AND rowid < :last"
        if connection.dialect.name == "sqlite"
        else "extract WHERE words @@ CAST(:match AS tsquery) AND id >= :first AND id < :last"
    )
    sql = f"SELECT count(*) FROM (SELECT 1 FROM {fitting} LIMIT :most) AS found"  # noqa: S608
    return int(connection.execute(text(sql), _values(search, cap)).scalar_one())


def _values(search: Search, most: int) -> dict[str, object]:
    return {"match": search.match, "first": search.first, "last": search.last, "most": most}


def _match(connection: Connection, search: Search) -> str:
    """In FTS5's language."""
    parts = [_beginning(connection, word) for word in search.words]
    parts += [" OR ".join(f'"{tag}"' for tag in tags) for tags in search.tags]
    return " AND ".join(f"({part})" for part in parts)


def _beginning(connection: Connection, word: str) -> str:
    """Asked for a beginning, FTS5 first collects every run of every word that begins so: a third of a second where a
    million runs have one of them. Asked for the words themselves, it stops at the newest few."""
    if len(word) < SHORTEST_BEGINNING:
        return f'"{word}"'
    sql = "SELECT term FROM search_word WHERE term >= :first AND term < :last LIMIT :most"
    given = {"first": f"{word}0", "last": f"{word}\U0010ffff", "most": MOST_CONTINUED + 1}  # “0” begins the alphabet
    longer = gathered.texts(connection, sql, "term", given)
    if len(longer) > MOST_CONTINUED:
        return f'"{word}" *' if len(word) > SHORTEST_BEGINNING else f'"{word}"'
    return " OR ".join(f'"{one}"' for one in (word, *longer))


def _tsquery(search: Search) -> str:
    parts = [f"'{word}':*" if len(word) >= SHORTEST_BEGINNING else f"'{word}'" for word in search.words]
    parts += [" | ".join(f"'{tag}'" for tag in tags) for tags in search.tags]
    return " & ".join(f"({part})" for part in parts)


_KNOWN = Statement("SELECT id, words FROM extract WHERE run_id = :run_id")
_NEW = Statement("INSERT INTO extract (id, run_id, label, words) VALUES (:id, :run_id, :label, :words)")
_CHANGED = Statement("UPDATE extract SET label = :label, words = :words WHERE id = :id")
_INDEXED = Statement("INSERT INTO search (rowid, words) VALUES (:id, :words)")
_FORGOTTEN = Statement("INSERT INTO search (search, rowid, words) VALUES ('delete', :id, :words)")


def _put_on_sqlite(connection: Connection, extract: Extract) -> None:
    terms = " ".join(extract.terms)
    values = {"label": extract.label, "words": None if extract.final else zlib.compress(terms.encode())}
    known = _KNOWN(connection, run_id=extract.run_id).fetchone()
    if known is None:
        number = _free_number(connection, extract.run_id)
        _NEW(connection, id=number, run_id=extract.run_id, **values)
    else:
        number, before = known
        if before is None:
            return
        _FORGOTTEN(connection, id=number, words=zlib.decompress(before).decode())
        _CHANGED(connection, id=number, **values)
    _INDEXED(connection, id=number, words=terms)


_NEW_VECTOR = Statement(
    "INSERT INTO extract (id, run_id, label, words) "
    "VALUES (:id, :run_id, :label, array_to_tsvector(CAST(:words AS text[]))) "
    "ON CONFLICT (run_id) DO UPDATE SET label = excluded.label, words = excluded.words"
)


def _put_on_postgresql(connection: Connection, extract: Extract) -> None:
    number = _free_number(connection, extract.run_id)
    _NEW_VECTOR(connection, id=number, run_id=extract.run_id, label=extract.label, words=extract.terms)


_LAST_NUMBER = Statement("SELECT max(id) FROM extract WHERE id >= :first AND id < :next")


def _free_number(connection: Connection, run_id: str) -> int:
    first = number_at(ids.moment(run_id))
    while True:
        following = first + (1 << PER_SECOND_BITS)
        (last,) = _LAST_NUMBER(connection, first=first, next=following).fetchone()
        if last is None:
            return first
        if last + 1 < following:
            return int(last) + 1
        first = following
