"""A service takes over every setting that is called live."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nexus import config
from nexus.compiler.compiler import CompilerLimits
from nexus.config import LIVE_NAMES, Settings
from nexus.errors import Overloaded
from nexus.service import Service
from tests.support import QUICK_ENGINES
from tests.wat import prints

ENGINE, COMPILER = QUICK_ENGINES[0]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    (tmp_path / "hello.wat").write_text(prints("Content-Type: text/plain\n\nhello"))
    settings = Settings(
        handlers_dir=tmp_path, cache_dir=tmp_path / "cache", engine=ENGINE, compiler=COMPILER
    )
    made = Service(settings, None)
    made.start()
    assert made.handlers.wait_loaded(20)
    yield made
    made.stop(0.0)


def apply(service: Service, **values: Any) -> None:
    service.apply(service.settings.model_copy(update=values))


def test_handlers_get_other_limits_soon(service: Service) -> None:
    compiled = service.handlers.catalogue.handlers["hello"].compiled
    values = {
        name: getattr(service.settings, name) * 2
        for name in LIVE_NAMES
        if name.startswith(("timeout", "cpu_timeout", "max_"))
    }
    values["max_stack_kb"] = 256
    apply(service, **values)
    wanted = config.limits(service.settings)
    assert wanted.timeout_s == 10.0
    deadline = time.monotonic() + 10
    while service.handlers.catalogue.handlers["hello"].limits != wanted:
        assert time.monotonic() < deadline, "the handlers have their old limits"
        time.sleep(0.02)  # between two looks; the deadline bounds them
    assert service.handlers.catalogue.handlers["hello"].compiled is compiled


def test_pool_and_queue_get_other_bounds(service: Service) -> None:
    handler = service.handlers.catalogue.handlers["hello"]
    apply(service, max_instances=1, max_queue=0, pool_memory_mb=1)
    run = service.dispatcher.new_run(handler, time.monotonic(), 0.05)
    service.admission.enter("hello", 0, run.deadline)
    service.pool.acquire(handler, run)
    with pytest.raises(Overloaded, match="0 requests are waiting already"):
        service.admission.enter("hello", 0, run.deadline)
    with pytest.raises(Overloaded, match="no instance came free"):
        service.pool.acquire(handler, run)


def test_requests_that_come_later_have_other_weights(service: Service) -> None:
    apply(service, scheduling_weights={"hello": 3.0})
    assert service.admission._tickets.make("hello", 0.0, 5, None).weight == 3.0


def test_compiler_and_cache_get_other_limits(service: Service) -> None:
    apply(service, compile_timeout_ms=7000, compile_memory_mb=100, cache_max_mb=3)
    assert service.compiler._limits == CompilerLimits(7.0, 100 << 20)
    assert service.parts.cache._max_bytes == 3 << 20


def test_the_log_level_is_the_root_loggers(service: Service) -> None:
    logging.getLogger().setLevel(logging.INFO)
    apply(service, max_queue=7)
    assert logging.getLogger().level == logging.INFO
    apply(service, log_level="error")
    assert logging.getLogger().level == logging.ERROR
