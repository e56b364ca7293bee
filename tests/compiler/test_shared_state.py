"""A handler is prepared once for all engines and compilers: its state is memory and globals."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from nexus.compiler.fork_servers import ForkServers
from nexus.compiler.orders import Order
from nexus.http import create_app
from tests import support
from tests.http.conftest import Client, make_service

HANDLER = """let count = 40;
export default { async fetch() { return new Response(String(++count + [1].length)); } };"""

pytestmark = pytest.mark.skipif(
    len(support.QUICK_ENGINES) < 2, reason="this Python has one engine only"
)


def test_another_engine_takes_it_from_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "handlers"
    folder.mkdir()
    (folder / "one.js").write_text(HANDLER)
    prepared: list[str] = []
    run = ForkServers.run

    def counting(self: ForkServers, order: Order, timeout_s: float) -> object:
        prepared.append(order.terms.engine)
        return run(self, order, timeout_s)

    monkeypatch.setattr(ForkServers, "run", counting)
    keys = set()
    for engine, compiler in support.QUICK_ENGINES:
        registry = CollectorRegistry()
        service = make_service(
            folder,
            registry,
            NEXUS_CACHE_DIR=str(tmp_path / "cache"),
            NEXUS_ENGINE=engine,
            NEXUS_COMPILER=compiler,
            NEXUS_VERIFY_RESETS="true",
        )
        service.start_with(folder)
        client = Client(create_app(service, registry), service, registry)
        for _ in range(3):
            assert client.call("/one").body == b"42"
        keys.add(service.handlers.catalogue.handlers["one"].compiled.key)
        service.stop(grace_s=5.0)
    assert len(prepared) == 1
    assert len(keys) == len(support.QUICK_ENGINES)  # no instance is taken for another engine's
