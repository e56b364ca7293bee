"""A real server with two workers whose settings are in a real Redis."""

from __future__ import annotations

from pathlib import Path

from redis_server import RedisServer, until

from tests.e2e.conftest import Server, serving
from tests.wat import prints

PASSWORD = "S3cret"


def count(server: Server, text: str) -> int:
    return sum(text in line for line in server.log.read_text().splitlines())


def posted(server: Server, size: int) -> set[int]:
    return {server.get("/here", b"x" * size).status for _ in range(20)}


def test_settings_change_in_every_worker_and_outlive_the_server(
    program: Path, tmp_path: Path
) -> None:
    handlers, mounted = tmp_path / "handlers", tmp_path / "mounted"
    handlers.mkdir()
    mounted.mkdir()
    (handlers / "here.wat").write_text(prints("Content-Type: text/plain\n\nhere"))
    (mounted / "max_queue").write_text("9")
    redis = RedisServer(program, tmp_path)
    settings = {
        "NEXUS_CONFIG_REDIS_URL": f"redis://:{PASSWORD}@127.0.0.1:{redis.port}",
        "NEXUS_CONFIG_REDIS_POLL_MS": "100",
        "NEXUS_CONFIG_FOLDER": str(mounted),
    }
    where = f"redis 127.0.0.1:{redis.port}/0 nexus:settings"
    try:
        with serving(handlers, tmp_path, **settings) as server:
            # It is down at the start: a warning, and the others serve.
            assert count(server, f"warning: {where} cannot be read, the other sources serve") == 1
            assert posted(server, 500) == {200}
            redis.start()
            with redis.client() as client:
                client.config_set("requirepass", PASSWORD)
            redis.url = settings["NEXUS_CONFIG_REDIS_URL"]
            redis.say(max_request_bytes="100", max_queue="7", workers="9", engine="wasmtime")
            changed = f"max_request_bytes: 100 instead of 10485760 ({where})"
            until(lambda: count(server, changed) == 2)
            until(lambda: posted(server, 500) == {413})
            assert count(server, f"engine: wasmtime instead of auto ({where}) takes a restart") == 2
            assert count(server, "max_queue: ") == 0  # the folder's wins
            redis.say(max_request_bytes="many")
            until(
                lambda: count(server, f"{where}: max_request_bytes: found 'many', allowed: ") == 2
            )
            redis.stop()
            until(lambda: count(server, f"{where} cannot be read, its last values stay") == 2)
            assert posted(server, 500) == {413}
        assert PASSWORD not in server.log.read_text()
    finally:
        redis.stop()
