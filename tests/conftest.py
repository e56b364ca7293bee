"""What holds for all tests."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support import CACHE_VARIABLE

# How fast examples are made says more of the machine than of the code.
settings.register_profile("nexus", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("nexus")


def pytest_configure(config: pytest.Config) -> None:
    """Make one folder for the artifacts of all that serve JavaScript, in all of pytest-xdist's
    processes: to compile QuickJS takes 8 s each time."""
    if CACHE_VARIABLE not in os.environ:
        folder = os.environ[CACHE_VARIABLE] = tempfile.mkdtemp(prefix="nexus-tests-")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def pytest_xdist_auto_num_workers() -> int:
    """Use a process more than there are cores: those that drive servers mostly wait for them."""
    return len(os.sched_getaffinity(0)) + 1


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """A command that a test runs in its own process sets up logging for that process."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    root.setLevel(level)
    for handler in root.handlers[:]:
        if handler not in handlers and handler.get_name() == "nexus":
            root.removeHandler(handler)
    logging.getLogger("nexus.handlers").disabled = False


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """Reports of hostile text are UTF-8 too: pytest-xdist sends them from process to process."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    report.sections = [
        (name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections
    ]
