"""overlap"""

from alembic import op
import sqlalchemy as sa

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('zap', schema=None) as batch_op:
        batch_op.add_column(sa.Column('overlap', sa.String(), server_default='parallel', nullable=False))
        batch_op.add_column(sa.Column('passed', sa.String(), server_default='', nullable=False))
        batch_op.add_column(sa.Column('quota_until', sa.BigInteger(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('resumed_at', sa.BigInteger(), server_default='0', nullable=False))
    # One at a time has always meant one after the other.
    op.execute("UPDATE zap SET overlap = 'in_order' WHERE concurrency = 1")
