"""notices"""

from alembic import op
import sqlalchemy as sa

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.add_column(sa.Column('german', sa.String(), server_default='', nullable=False))
        batch_op.create_index('notice_open', ['updated_at'], sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))
        batch_op.create_index('notice_closed', ['closed_at'])
    op.create_table('notice_way',
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('allowed_hosts', sa.String(), nullable=False),
    sa.Column('problem', sa.String(), nullable=False),
    sa.Column('german', sa.String(), nullable=False),
    sa.Column('problem_since', sa.BigInteger(), nullable=True),
    sa.Column('worked_at', sa.BigInteger(), nullable=True),
    sa.Column('updated_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('kind')
    )
    op.create_table('notice_wish',
    sa.Column('person_id', sa.String(), nullable=False),
    sa.Column('zap_id', sa.String(), nullable=False),
    sa.Column('wish', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('person_id', 'zap_id')
    )
    op.create_table('notice_receiver',
    sa.Column('person_id', sa.String(), nullable=False),
    sa.Column('language', sa.String(), nullable=False),
    sa.Column('timezone', sa.String(), nullable=False),
    sa.Column('weekly', sa.Boolean(), nullable=True),
    sa.Column('read_at', sa.BigInteger(), nullable=False),
    sa.Column('sent_at', sa.BigInteger(), nullable=False),
    sa.Column('digest_at', sa.BigInteger(), nullable=False),
    sa.Column('weekly_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('person_id')
    )
    op.create_table('notice_told',
    sa.Column('notice_id', sa.String(), nullable=False),
    sa.Column('person_id', sa.String(), nullable=False),
    sa.Column('matter', sa.String(), nullable=False),
    sa.Column('told_at', sa.BigInteger(), nullable=False),
    sa.Column('reminded', sa.Boolean(), nullable=False),
    sa.Column('settled', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('notice_id', 'person_id')
    )
    with op.batch_alter_table('notice_told', schema=None) as batch_op:
        batch_op.create_index('notice_told_by_matter', ['person_id', 'matter'], unique=False)

    op.create_table('dispatch',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('person_id', sa.String(), nullable=False),
    sa.Column('about', sa.String(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('due_at', sa.BigInteger(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('lease_until', sa.BigInteger(), nullable=False),
    sa.Column('problem', sa.String(), nullable=False),
    sa.Column('german', sa.String(), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('done_at', sa.BigInteger(), nullable=True),
    sa.Column('given_up', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('dispatch_due', 'dispatch', ['due_at'], sqlite_where=sa.text('done_at IS NULL'), postgresql_where=sa.text('done_at IS NULL'))
