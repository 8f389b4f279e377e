"""history"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

# A later migration that makes the table `run` anew must make these triggers anew, too; a test looks for them.
SQLITE = (
    "CREATE TRIGGER run_came AFTER INSERT ON run BEGIN "
    "INSERT INTO moved (run_id, zap_id, state, finished_at, tx) "
    "VALUES (new.id, new.zap_id, new.state, COALESCE(new.finished_at, 0), 0); END",
    "CREATE TRIGGER run_moved AFTER UPDATE OF state ON run WHEN new.state <> old.state BEGIN "
    "INSERT INTO moved (run_id, zap_id, state, finished_at, tx) "
    "VALUES (new.id, new.zap_id, new.state, COALESCE(new.finished_at, 0), 0); END",
    "CREATE VIRTUAL TABLE search USING fts5"
    "(words, content='', columnsize=0, detail=none, tokenize='ascii')",
    "CREATE TABLE search_word (word TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID",
)
POSTGRESQL = (
    "CREATE FUNCTION note_moved() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "INSERT INTO moved (run_id, zap_id, state, finished_at, tx) VALUES "
    "(new.id, new.zap_id, new.state, COALESCE(new.finished_at, 0), pg_current_xact_id()::text::bigint); "
    "RETURN NULL; END $$",
    "CREATE TRIGGER run_came AFTER INSERT ON run FOR EACH ROW EXECUTE FUNCTION note_moved()",
    "CREATE TRIGGER run_moved AFTER UPDATE OF state ON run FOR EACH ROW "
    "WHEN (new.state <> old.state) EXECUTE FUNCTION note_moved()",
    "CREATE INDEX extract_words ON extract USING gin (words)",
    "CREATE INDEX moved_tx ON moved (tx)",
)
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def upgrade() -> None:
    large = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
    op.create_table('moved',
    sa.Column('id', large, nullable=False),
    sa.Column('run_id', sa.String(), nullable=False),
    sa.Column('zap_id', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('finished_at', sa.BigInteger(), nullable=False),
    sa.Column('tx', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    for table, span in (('tally_hour', 'hour'), ('tally_day', 'day')):
        op.create_table(table,
        sa.Column(span, sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('zap_id', sa.String(), nullable=False),
        sa.Column('state', sa.String(), nullable=False),
        sa.Column('count', sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(span, 'zap_id', 'state'),
        sqlite_with_rowid=False
        )
    words = sa.LargeBinary().with_variant(TSVECTOR(), 'postgresql')
    op.create_table('extract',
    sa.Column('id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('run_id', sa.String(), nullable=False),
    sa.Column('label', sa.String(), nullable=False),
    sa.Column('words', words, nullable=True),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('run_id')
    )
    with op.batch_alter_table('run', schema=None) as batch_op:
        batch_op.create_index('run_by_state', ['state', 'id'], unique=False)

    rested = sa.text("state <> 'queued' AND state <> 'running'")
    op.create_index(
        'run_rested', 'run', ['zap_id', 'state', 'id'], sqlite_where=rested, postgresql_where=rested
    )
    asks = sa.text("state = 'held' OR state = 'needs_review'")
    op.create_index('run_asks', 'run', ['zap_id', 'state'], sqlite_where=asks, postgresql_where=asks)
    replay = sa.text('replay_of IS NOT NULL')
    op.create_index('run_replays', 'run', ['replay_of', 'id'], sqlite_where=replay, postgresql_where=replay)
    _count_what_ended()
    for statement in SQLITE if op.get_bind().dialect.name == 'sqlite' else POSTGRESQL:
        op.execute(sa.text(statement.replace(':', r'\:')))


def _count_what_ended() -> None:
    """Once, exactly: from here on the log tells of every end (some seconds for a million runs)."""
    for table, span, length in (('tally_hour', 'hour', HOUR_MS), ('tally_day', 'day', DAY_MS)):
        op.execute(
            f"INSERT INTO {table} ({span}, zap_id, state, count) "
            f"SELECT finished_at / {length}, zap_id, state, count(*) FROM run WHERE finished_at IS NOT NULL "
            "GROUP BY 1, 2, 3"
        )
