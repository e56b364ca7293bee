"""Servers with plugins installed: what hangs or fails there is named, and holds nothing up."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.plugins.support import package, python_path
from tests.wat import prints

from .conftest import serving, until

HANGS = """
    import threading
    from nexus.plugin_api.hooks import hookimpl

    @hookimpl
    def nexus_started(host):
        threading.Event().wait()
"""
HANGS_LATER = """
    import threading
    import prometheus_client  # which counts for all workers, also where a plugin imports it first
    from nexus.plugin_api.hooks import hookimpl

    class Sink:
        def record(self, *_): raise OSError("no route")
        refuse = cache_request = compilation = serving = lambda self, *_: None
        def flush(self, *_): threading.Event().wait()
        def close(self): threading.Event().wait()

    @hookimpl
    def nexus_metrics_sinks(settings):
        return [Sink()]

    @hookimpl
    def nexus_stopping(host):
        threading.Event().wait()
"""
LIMIT_S = 0.5


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "handlers"
    made.mkdir()
    (made / "hello.wat").write_text(prints("Content-Type: text/plain\n\nhello"))
    return made


def test_plugins_that_hang_or_fail_wedge_nothing(folder: Path, tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    package(packages, "hangs", HANGS)
    package(packages, "later", HANGS_LATER)
    settings = {
        "PYTHONPATH": python_path(packages),
        "NEXUS_PLUGIN_TIMEOUT_MS": str(int(LIMIT_S * 1000)),
    }
    with serving(folder, tmp_path, **settings) as server:
        assert {server.get("/hello").status for _ in range(8)} == {200}
        counted = 'nexus_plugin_errors_total{plugin="later"}'
        until(lambda: server.metric(counted) == 8)
        until(lambda: server.metric('nexus_plugin_errors_total{plugin="hangs"}') == 2)  # workers
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(20)
        assert time.monotonic() - began < 10
    log = server.log.read_text()
    for line in (
        "plugin hangs: nexus_started takes more than 0.5 s; going on without it",
        "plugin later: its metrics sink's record failed",
        "plugin later: nexus_stopping takes more than 0.5 s; going on without it",
        "plugin later: its metrics sink does not close; going on",
    ):
        assert 1 <= log.count(line) <= 2, f"once a worker: {line}"
