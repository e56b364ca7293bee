from __future__ import annotations

import pytest

from nexus.plugin_api.engine import Engine
from tests import support


@pytest.fixture(params=support.QUICK_ENGINES, ids=support.engine_ids)
def engine(request: pytest.FixtureRequest) -> Engine:
    return support.engine(*request.param)
