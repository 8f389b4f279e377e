"""What the engine's tests share: the database servers that a session starts end with it."""

from collections.abc import Iterator

import pytest

from tests.engine import databases


@pytest.fixture(scope="session")
def servers() -> Iterator[None]:
    """Asked for by whatever starts a database."""
    yield
    databases.end_all()
