"""trigger health"""

from alembic import op
import sqlalchemy as sa

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

COUNTS = ('line_number', 'line_checks', 'line_found', 'hour', 'hour_checks', 'hour_failed', 'hour_found')
MOMENTS = ('line_since', 'watched_since', 'failing_since', 'cursor_at', 'alarmed_at')


def upgrade() -> None:
    for name in COUNTS:
        op.add_column('watch', sa.Column(name, sa.Integer(), server_default='0', nullable=False))
    for name in MOMENTS:
        op.add_column('watch', sa.Column(name, sa.BigInteger(), server_default='0', nullable=False))
    op.add_column('watch', sa.Column('line_outcome', sa.String(), server_default='', nullable=False))
    op.create_table('check_line',
    sa.Column('zap_id', sa.String(), nullable=False),
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('outcome', sa.String(), nullable=False),
    sa.Column('problem', sa.String(), nullable=False),
    sa.Column('since', sa.BigInteger(), nullable=False),
    sa.Column('until', sa.BigInteger(), nullable=False),
    sa.Column('checks', sa.Integer(), nullable=False),
    sa.Column('found', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('zap_id', 'number'),
    sqlite_with_rowid=False
    )
    op.create_table('check_hour',
    sa.Column('zap_id', sa.String(), nullable=False),
    sa.Column('hour', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('checks', sa.Integer(), nullable=False),
    sa.Column('failed', sa.Integer(), nullable=False),
    sa.Column('found', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('zap_id', 'hour'),
    sqlite_with_rowid=False
    )
