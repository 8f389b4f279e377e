"""The installation that the tests of one module of this folder share."""

from collections.abc import Iterator

import pytest

from tests.web.api.desk import Desk
from tests.web.api.desk import desk as made


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """For the tests of a module: each uses names of its own."""
    with made(tmp_path_factory.mktemp("desk")) as opened:
        yield opened
