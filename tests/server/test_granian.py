"""What `nexus/server/granian` stands on in granian: a release that moves one of these fails here.

`tests/e2e` serves with it.
"""

from __future__ import annotations

import importlib
import inspect
import os
import socket
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nexus.errors import ConfigError, InvalidArgument
from nexus.server.granian import installed
from nexus.server.granian.environ import Environs, add_headers
from nexus.server.granian.listener import _Loop

granian: Any = importlib.import_module("granian._granian")


def test_the_version_is_one_that_was_tried() -> None:
    assert version("granian").split(".")[:2] == ["2", "8"]
    installed.check_installed()


@pytest.mark.parametrize("found", [None, "2.9.0"])
def test_another_version_is_refused_with_its_cure(
    found: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look(name: str) -> str:
        if found is None:
            raise PackageNotFoundError(name)
        return found

    monkeypatch.setattr(installed, "version", look)
    with pytest.raises(ConfigError, match=r"pip install nexus-runtime\[granian\]"):
        installed.check_installed()


CERTIFICATE = Path(__file__).parents[2] / "bench/apps/tls.pem"


@pytest.mark.parametrize(
    ("certfile", "keyfile", "ca_certs"),
    [("missing.pem", "missing.pem", None), (__file__, __file__, None)],
)
def test_tls_files_that_cannot_be_used_are_named(
    certfile: str, keyfile: str, ca_certs: str | None
) -> None:
    cfg = SimpleNamespace(is_ssl=True, certfile=certfile, keyfile=keyfile, ca_certs=ca_certs)
    with pytest.raises(ConfigError, match=r"certfile, keyfile, ca_certs: found .*allowed: PEM"):
        installed.check_tls(cfg)


def test_tls_files_that_can_be_used_are_accepted() -> None:
    both = str(CERTIFICATE)
    for keyfile in (both, None):
        installed.check_tls(
            SimpleNamespace(is_ssl=True, certfile=both, keyfile=keyfile, ca_certs=both)
        )
    installed.check_tls(SimpleNamespace(is_ssl=False))


def test_a_scheduler_takes_our_function_and_needs_this_much_of_a_loop() -> None:
    scheduler = granian.CallbackScheduler(_Loop(), lambda _: None, None, None, None)
    scheduler._schedule_fn = lambda watcher: None


def test_a_worker_takes_these_arguments() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        holder = granian.SocketHolder(os.dup(listening.fileno()), False, 128)
        http: Any = importlib.import_module("granian.http")
        worker = granian.RSGIWorker(
            worker_id=1,
            sock=(None, holder),
            ipc=None,
            threads=1,
            py_threads=4,
            py_threads_idle_timeout=10**9,
            backpressure=100,
            http_mode="1",
            http1_opts=http.HTTP1Settings(header_read_timeout=1000, max_buffer_size=65536),
            websockets_enabled=False,
            ssl_enabled=False,
            ssl_cert=None,
            ssl_key=None,
            ssl_protocol_min="tls1.2",
            ssl_ca=None,
            ssl_client_verify=False,
        )
        assert callable(worker.serve_mtr)
        assert callable(worker.serve_mtr_uds)


def test_its_own_worker_calls_it_like_we_do() -> None:
    multi: Any = importlib.import_module("granian.server.mp")
    source = inspect.getsource(multi.MPServer._spawn_rsgi_worker)
    assert "serve(scheduler, loop, shutdown_event)" in source
    assert "shutdown_event.add_cb(shutdown_glue)" in source


class Scope:
    """A request as granian describes it."""

    method, http_version, scheme, query_string = "GET", "1.1", "http", "a=1"
    client, server, authority = "10.0.0.7:5000", "[::1]:8000", None

    def __init__(self, path: str = "/", headers: tuple[tuple[str, str], ...] = ()) -> None:
        self.path, self._headers = path, headers

    @property
    def headers(self) -> Scope:
        return self

    def items(self) -> list[tuple[str, str]]:
        return list(self._headers)


def environ(scope: Scope, script_name: str = "", **options: Any) -> dict[str, Any]:
    return Environs(script_name, multiprocess=True, **options).make(scope)


def test_the_environment_is_wsgis() -> None:
    found = environ(Scope("/a b/é", (("content-type", "x/y"), ("x-a", "1"), ("x-a", "2"))))
    assert found["PATH_INFO"] == "/a b/é".encode().decode("latin-1")
    assert (found["CONTENT_TYPE"], found["HTTP_X_A"]) == ("x/y", "1,2")
    assert (found["REMOTE_ADDR"], found["REMOTE_PORT"]) == ("10.0.0.7", "5000")
    assert (found["SERVER_NAME"], found["SERVER_PORT"]) == ("::1", "8000")
    assert (found["SERVER_PROTOCOL"], found["wsgi.url_scheme"]) == ("HTTP/1.1", "http")


def test_cookies_are_joined_by_semicolons_and_underscores_dropped() -> None:
    found: dict[str, Any] = {}
    add_headers(found, [("cookie", "a=1, 2"), ("cookie", "b=3"), ("x_forwarded_for", "evil")])
    assert found == {"HTTP_COOKIE": "a=1, 2; b=3"}


def test_a_path_that_is_not_utf_8_is_refused() -> None:
    """granian would give two such paths as one."""
    with pytest.raises(InvalidArgument, match="not UTF-8"):
        environ(Scope("/\N{REPLACEMENT CHARACTER}"))


@pytest.mark.parametrize(
    ("client", "trusted", "scheme"),
    [
        ("10.0.0.7:1", {"10.0.0.7"}, "https"),
        ("10.0.0.7:1", {"*"}, "https"),
        ("10.0.0.8:1", {"10.0.0.7"}, "http"),
    ],
)
def test_only_a_trusted_proxy_says_that_the_client_used_https(
    client: str, trusted: set[str], scheme: str
) -> None:
    scope = Scope(headers=(("x-forwarded-proto", "https"),))
    scope.client = client
    found = environ(
        scope, trusted=frozenset(trusted), secure_headers={"x-forwarded-proto": "https"}
    )
    assert found["wsgi.url_scheme"] == scheme


@pytest.mark.parametrize(
    ("path", "below"), [("/app/x", "/x"), ("/app", ""), ("/application", "/application")]
)
def test_a_prefix_is_taken_off(path: str, below: str) -> None:
    assert environ(Scope(path), "/app/")["PATH_INFO"] == below


def test_the_loop_calls_at_once() -> None:
    called: list[int] = []
    append: Callable[[int], None] = called.append
    _Loop().call_soon_threadsafe(append, 3, context=None)
    _Loop().call_soon(append, 4, context=None)
    assert called == [3, 4]
