"""The index of extracts: which runs have which words. Called by engine.history.

SQLite's FTS5 keeps for each word the numbers of its runs and nothing else (about 400 bytes for a run), and a table of
its own every word once, for those that are only begun; PostgreSQL keeps a tsvector with a GIN index. Numbers sort by
when a run was created, so the newest are found first. Besides words a run has *tags*, its zap and its state, so that a
rare one among them makes a common word cheap.
"""

import json
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, text

from engine.store import gathered, ids
from engine.store.hot import Statement
from engine.store.states import RunState

PER_SECOND_BITS = 12  # numbers for each second; what is more goes into the next second's
SHORTEST_BEGINNING = 3  # characters that may begin a word; fewer are a whole word
MOST_CONTINUED = 50
"""Words with one beginning that are looked up on SQLite, the shortest; fifty take some 10 ms, all that a million runs
have of one take most of a second."""
MOST_COMPARED = 5_000  # words among which the shortest are looked for

_ZAP, _STATE = "\ue000", "\ue001"  # private use: in no word


def _state_tag(state: RunState) -> str:
    """In one piece: SQLite takes “_” for the end of a word."""
    return _STATE + state.replace("_", "")


@dataclass(frozen=True)
class Extract:
    """What is indexed of a run."""

    run_id: str
    zap_id: str
    state: RunState
    label: str
    words: Sequence[str]

    @property
    def terms(self) -> list[str]:
        return [*self.words, _ZAP + self.zap_id, _state_tag(self.state)]


@dataclass(frozen=True)
class Search:
    """Runs that have all these words, or words that begin so, and one of the zaps and of the states, where given.

    `first` and `last` bound their numbers: `last` is not included. `match` is how the database is asked (`prepared`);
    `partly` are those of the words with which more than `MOST_CONTINUED` begin, of which only the shortest are found.
    """

    words: Sequence[str]
    zap_ids: Collection[str] = ()
    states: Collection[RunState] = ()
    first: int = 0
    last: int = 1 << 62
    match: str = ""
    partly: Sequence[str] = ()

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


def begins(word: str) -> bool:
    """Whether the beginning of a word is enough to find it. What mixes letters and digits is an id, and most are in one
    run only."""
    return len(word) >= SHORTEST_BEGINNING and (word.isalpha() or word.isdigit())


def put(connection: Connection, extracts: Sequence[Extract]) -> None:
    """Indexes runs anew; but not those whose contents were deleted meanwhile."""
    on_sqlite = connection.dialect.name == "sqlite"
    in_order = sorted(extracts, key=lambda each: each.run_id)  # within a second, numbers follow each other
    extracts = [each for each in in_order if _HAS_CONTENTS(connection, run_id=each.run_id).fetchone()]
    for extract in extracts:
        (_put_on_sqlite if on_sqlite else _put_on_postgresql)(connection, extract)
    if on_sqlite:
        words = {word for extract in extracts for word in extract.words if begins(word)}
        _LEARNT(connection, words=json.dumps(sorted(words), ensure_ascii=False))


def forget(connection: Connection, run_id: str) -> None:
    """Takes a run out of the index, with its label."""
    known = _KNOWN(connection, run_id=run_id).fetchone()
    if known is None:
        return
    number, words = known
    if connection.dialect.name == "sqlite" and words is not None:
        _FORGOTTEN(connection, id=number, words=zlib.decompress(words).decode())
    _GONE(connection, id=number)


def words_after(connection: Connection, word: str, limit: int) -> list[str]:
    """The next words, by the alphabet, that beginnings may become; PostgreSQL keeps no such list."""
    if connection.dialect.name != "sqlite":
        return []
    sql = "SELECT word FROM search_word WHERE word > :word ORDER BY word LIMIT :most"
    return gathered.texts(connection, sql, "word", {"word": word, "most": limit})


def unlearn(connection: Connection, word: str) -> bool:
    """Takes a word that no run has any more from the list of those that beginnings may become; False if one has it."""
    if _HAS_WORD(connection, word=f'"{word}"').fetchone():
        return False
    _UNLEARNT(connection, word=word)
    return True


def unused(connection: Connection, words: Sequence[str]) -> list[str]:
    """Those of these words, sorted by the alphabet, that no run has any more (SQLite)."""
    if not words:
        return []
    _VOCABULARY(connection)  # of this connection alone; nothing is stored
    sql = "SELECT term FROM temp.search_term WHERE term >= :first AND term <= :last"
    used = set(gathered.texts(connection, sql, "term", {"first": words[0], "last": words[-1]}))
    return [word for word in words if word not in used]


def tidy(connection: Connection, pages: int) -> int:
    """Writes some pages of the index anew without what was forgotten (SQLite): until then its words are in the file.

    Negative: begins with the whole index, however few its parts are; else FTS5 leaves alone what is not worth merging.
    """
    if connection.dialect.name == "sqlite":
        _MERGED(connection, pages=pages)
    return abs(pages)


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
    if connection.dialect.name != "sqlite":
        return replace(search, match=_tsquery(search))
    longer = {word: _continued(connection, word) if begins(word) else [] for word in search.words}
    partly = [word for word, found in longer.items() if len(found) > MOST_CONTINUED]
    return replace(search, match=_match(search, longer), partly=partly)


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


def _match(search: Search, longer: Mapping[str, Sequence[str]]) -> str:
    """In FTS5's language. Asked for a beginning, it would first collect every run of every word that begins so. Asked
    for the words themselves, it stops at the newest few."""
    parts: list[Sequence[str]] = [(word, *longer[word][:MOST_CONTINUED]) for word in search.words]
    quoted = (" OR ".join(f'"{one}"' for one in part) for part in [*parts, *search.tags])
    return " AND ".join(f"({part})" for part in quoted)


def _continued(connection: Connection, word: str) -> list[str]:
    """The words that begin so, the shortest first, and one more than are looked up."""
    sql = (
        "SELECT word FROM (SELECT word FROM search_word WHERE word > :word AND word < :last LIMIT :compared) "
        "ORDER BY length(word), word LIMIT :most"
    )
    bounds = {"word": word, "last": f"{word}\U0010ffff", "compared": MOST_COMPARED, "most": MOST_CONTINUED + 1}
    return gathered.texts(connection, sql, "word", bounds)


def _tsquery(search: Search) -> str:
    parts = [f"'{word}':*" if begins(word) else f"'{word}'" for word in search.words]
    parts += [" | ".join(f"'{tag}'" for tag in tags) for tags in search.tags]
    return " & ".join(f"({part})" for part in parts)


_HAS_CONTENTS = Statement("SELECT 1 FROM run WHERE id = :run_id AND contents = ''", locking="FOR SHARE")
_HAS_WORD = Statement("SELECT 1 FROM search WHERE search MATCH :word LIMIT 1")
_VOCABULARY = Statement("CREATE VIRTUAL TABLE IF NOT EXISTS temp.search_term USING fts5vocab('main', 'search', 'row')")
_UNLEARNT = Statement("DELETE FROM search_word WHERE word = :word")
_MERGED = Statement("INSERT INTO search (search, rank) VALUES ('merge', :pages)")
_GONE = Statement("DELETE FROM extract WHERE id = :id")
_KNOWN = Statement("SELECT id, words FROM extract WHERE run_id = :run_id")
_NEW = Statement("INSERT INTO extract (id, run_id, label, words) VALUES (:id, :run_id, :label, :words)")
_CHANGED = Statement("UPDATE extract SET label = :label, words = :words WHERE id = :id")
_INDEXED = Statement("INSERT INTO search (rowid, words) VALUES (:id, :words)")
_LEARNT = Statement(
    "INSERT INTO search_word (word) SELECT value FROM json_each(:words) WHERE true ON CONFLICT DO NOTHING"
)
_FORGOTTEN = Statement("INSERT INTO search (search, rowid, words) VALUES ('delete', :id, :words)")


def _put_on_sqlite(connection: Connection, extract: Extract) -> None:
    terms = " ".join(extract.terms)
    values = {"label": extract.label, "words": zlib.compress(terms.encode())}  # it forgets only what it is told
    known = _KNOWN(connection, run_id=extract.run_id).fetchone()
    if known is None:
        number = _free_number(connection, extract.run_id)
        _NEW(connection, id=number, run_id=extract.run_id, **values)
    else:
        number, before = known
        if before == values["words"]:
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
