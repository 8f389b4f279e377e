"""keeping"""

from alembic import op
import sqlalchemy as sa

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('keeping',
    sa.Column('zap_id', sa.String(), nullable=False),
    sa.Column('contents_days', sa.Integer(), nullable=True),
    sa.Column('runs_days', sa.Integer(), nullable=True),
    sa.Column('runs_most', sa.Integer(), nullable=True),
    sa.PrimaryKeyConstraint('zap_id')
    )
    op.create_table('baseline',
    sa.Column('zap_id', sa.String(), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('taken_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('zap_id', 'source')
    )
    # Adding a column leaves the table, and with it the triggers on it, as they are.
    op.add_column('run', sa.Column('contents', sa.String(), server_default='', nullable=False))
    ended = sa.text("contents = '' AND finished_at IS NOT NULL")
    op.create_index(
        'run_contents', 'run', ['zap_id', 'finished_at'], sqlite_where=ended, postgresql_where=ended
    )
    op.create_index(op.f('ix_delivery_received_at'), 'delivery', ['received_at'])
    _note_baselines()
    if op.get_bind().dialect.name == 'sqlite':
        _read_again()


def _note_baselines() -> None:
    """As far as it is known: what was seen first."""
    op.execute(
        "INSERT INTO baseline (zap_id, source, taken_at) "
        "SELECT watch.zap_id, watch.source, min(seen.seen_at) FROM watch "
        "JOIN seen ON seen.zap_id = watch.zap_id AND seen.source = watch.source GROUP BY 1, 2"
    )


def _read_again() -> None:
    """The index forgets a run only when it is told its words, which were not kept: it is filled anew, in the
    background, and keeps them from now on."""
    op.execute("DELETE FROM extract")
    op.execute("INSERT INTO search (search) VALUES ('delete-all')")
    op.execute("DELETE FROM search_word")
    op.execute("DELETE FROM setting WHERE name = 'history_filled'")
