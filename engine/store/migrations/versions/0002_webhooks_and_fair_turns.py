"""webhooks, and fair turns"""

from alembic import op
import sqlalchemy as sa

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('delivery',
    sa.Column('zap_id', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('runs', sa.String(), nullable=False),
    sa.Column('received_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('zap_id', 'key'),
    sqlite_with_rowid=False
    )
    op.create_table('hook',
    sa.Column('zap_id', sa.String(), nullable=False),
    sa.Column('token_hash', sa.String(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('zap_id'),
    sa.UniqueConstraint('token_hash')
    )
    with op.batch_alter_table('run', schema=None) as batch_op:
        batch_op.create_index('run_queued', ['zap_id', 'due_at', 'id'], unique=False, sqlite_where=sa.text("state = 'queued'"), postgresql_where=sa.text("state = 'queued'"))
        batch_op.drop_index('run_held')
        batch_op.create_index('run_held', ['hold', 'id'], unique=False, sqlite_where=sa.text("hold <> ''"), postgresql_where=sa.text("hold <> ''"))
