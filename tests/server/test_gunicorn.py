"""What `nexus/server` stands on in gunicorn: a release that moves one of these fails here."""

from __future__ import annotations

import inspect
import socket
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn import sock as gunicorn_sock
from gunicorn import util
from gunicorn.arbiter import Arbiter
from gunicorn.config import Config
from gunicorn.errors import HaltServer
from gunicorn.glogging import Logger
from gunicorn.http import wsgi
from gunicorn.http.body import Body, ChunkedReader, LengthReader
from gunicorn.http.message import Request
from gunicorn.http.parser import RequestParser
from gunicorn.workers import gthread
from gunicorn.workers.gthread import TConn, ThreadWorker

from nexus.server.worker import NexusWorker

from .conftest import Ends
from .test_incoming import parser


def arguments(function: Any) -> list[str]:
    return list(inspect.signature(function).parameters)


def test_the_version_is_one_that_was_tried() -> None:
    assert version("gunicorn").split(".")[0] == "27"


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("load_wsgi", ["self"]),
        ("run", ["self"]),
        ("accept", ["self", "listener"]),
        ("set_accept_enabled", ["self", "enabled"]),
        ("wait_for_and_dispatch_events", ["self", "timeout"]),
        ("murder_keepalived", ["self", "force"]),
        ("is_parent_alive", ["self"]),
        ("handle", ["self", "conn"]),
        ("_keepalive_after", ["self", "conn", "keepalive"]),
        ("handle_error", ["self", "req", "client", "addr", "exc"]),
        ("handle_exit", ["self", "sig", "frame"]),
        ("handle_quit", ["self", "sig", "frame"]),
    ],
)
def test_the_methods_that_we_replace(method: str, expected: list[str]) -> None:
    assert arguments(getattr(ThreadWorker, method)) == expected
    assert method in vars(NexusWorker)


def test_what_else_of_the_worker_is_used() -> None:
    """Its attributes are made by `__init__` and `init_process`, which need a master."""
    source = inspect.getsource(ThreadWorker)
    for name in (
        *("tpool", "poller", "method_queue", "nr_conns", "worker_connections", "max_keepalived"),
        "_accepting",
    ):
        assert f"self.{name} = " in source, name
    assert "self.alive = True" in inspect.getsource(ThreadWorker.__mro__[1])
    assert arguments(gthread.PollableMethodQueue.defer) == ["self", "callback", "args"]


def test_the_loop_calls_what_we_replace_in_this_order() -> None:
    """Accept or not, poll, look after the parent, end waits; and in the end, as long as there are
    connections, poll and end waits; then end them all."""
    source = inspect.getsource(ThreadWorker.run)
    calls = [
        "while self.alive:",
        "self.nr_conns < self.worker_connections",
        "self.set_accept_enabled(can_accept)",
        "self.wait_for_and_dispatch_events(",
        "self.is_parent_alive()",
        "self.murder_keepalived()",
        "while self.nr_conns > 0:",
        "self.wait_for_and_dispatch_events(",
        "self.murder_keepalived()",
        "self.murder_keepalived(force=True)",
    ]
    at = 0
    for call in calls:
        at = source.index(call, at) + 1


def test_a_poller_event_calls_its_data() -> None:
    worker = ThreadWorker.__new__(ThreadWorker)
    seen: list[object] = []
    key = SimpleNamespace(data=seen.append, fileobj="socket")
    worker.poller = SimpleNamespace(select=lambda timeout: [(key, 1)])
    worker.wait_for_and_dispatch_events(1.0)
    assert seen == ["socket"]


def test_a_connection_is_as_we_leave_it(stream: Ends) -> None:
    """With a parser, initialized, and with its data there, gthread neither waits nor wraps it."""
    conn = TConn(Config(), stream.ours, ("127.0.0.1", 1), ("127.0.0.1", 2))
    assert (conn.sock, conn.client, conn.server) == (
        stream.ours,
        ("127.0.0.1", 1),
        ("127.0.0.1", 2),
    )
    conn.initialized = conn.data_ready = True
    conn.parser = parser(stream)
    kept = conn.parser
    conn.init()
    assert conn.parser is kept
    assert conn.is_http2 is False
    assert conn.wait_for_data(0)


class Served(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """As much of a worker as handles a request."""

    def __init__(self, app: Any) -> None:
        self.cfg, self.wsgi, self.nr, self.max_requests = Config(), app, 0, 100
        self.alive, self.keepalived_conns, self.max_keepalived = True, [], 100
        self.log = Logger(self.cfg)


def handle(ends: Ends, request: bytes, app: Any) -> Any:
    """What gthread says of a connection after *request*."""
    conn = TConn(Config(), ends.ours, ("127.0.0.1", 1), ("127.0.0.1", 2))
    conn.parser = parser(ends)
    conn.initialized = conn.data_ready = True
    ends.theirs.sendall(request)
    ends.ours.incoming.arrival()
    kept = Served(app).handle(conn)
    ends.ours.flush()
    return kept


def hello(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Length", "2")])
    return [b"hi"]


def test_handle_says_whether_the_connection_stays(stream: Ends) -> None:
    assert handle(stream, b"GET / HTTP/1.1\r\n\r\n", hello) is True
    assert b"Connection: keep-alive" in b"".join(stream.pieces())
    assert handle(stream, b"GET / HTTP/1.0\r\n\r\n", hello) is False
    assert b"Connection: close" in b"".join(stream.pieces())
    assert stream.waits == []


def test_a_response_is_sent_by_sendall_head_and_body(ends: Ends) -> None:
    handle(ends, b"GET / HTTP/1.1\r\n\r\n", hello)
    (piece,) = ends.pieces()
    assert piece.startswith(b"HTTP/1.1 200 OK\r\n")
    assert piece.endswith(b"\r\n\r\nhi")


def test_the_head_of_an_answer_asks_the_request_whether_to_close(stream: Ends) -> None:
    """Nobody read the body, of which nothing can be known."""
    request = b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody"
    assert handle(stream, request, hello) is False
    assert b"Connection: close" in b"".join(stream.pieces())


def test_a_body_that_was_read_keeps_it_open(stream: Ends) -> None:
    def reads(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        assert environ["wsgi.input"].read() == b"body"
        return hello(environ, start_response)

    for start in (b"Content-Length: 4\r\n\r\nbody", b"Transfer-Encoding: chunked\r\n\r\n"):
        chunks = b"4\r\nbody\r\n0\r\n\r\n" if start.startswith(b"T") else b""
        assert handle(stream, b"POST / HTTP/1.1\r\n" + start + chunks, reads) is True


def test_100_continue_comes_by_send(stream: Ends) -> None:
    """By which we know it, and keep it back."""
    sent: list[bytes] = []
    request = parser(stream)
    stream.theirs.sendall(b"POST / HTTP/1.1\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
    stream.ours.incoming.arrival()
    parsed = next(request)
    wsgi.create(
        parsed, SimpleNamespace(send=sent.append), ("127.0.0.1", 1), ("127.0.0.1", 2), Config()
    )
    assert sent == [b"HTTP/1.1 100 Continue\r\n\r\n"]


def test_the_application_finds_the_socket_in_its_environ(stream: Ends) -> None:
    def finds(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        assert environ["gunicorn.socket"] is stream.ours
        return hello(environ, start_response)

    assert handle(stream, b"GET / HTTP/1.1\r\n\r\n", finds) is True


def test_the_parser_can_be_asked_and_fed(stream: Ends) -> None:
    made = RequestParser(Config(), stream.ours, ("127.0.0.1", 1))
    assert made.mesg_class is Request
    assert made.req_count == 0
    assert made.unreader.sock is stream.ours
    made.unreader.unread(b"left over")
    assert made.unreader.take_buffered() == b"left over"
    assert made.unreader.take_buffered() == b""


def test_what_is_left_of_a_body_can_be_seen() -> None:
    reader = LengthReader(SimpleNamespace(read=lambda size, read_ahead: b"x" * size), 5)
    assert reader.length == 5
    assert Body(reader).reader is reader
    reader.read(5)
    assert reader.length == 0
    chunks = ChunkedReader(SimpleNamespace(), SimpleNamespace(read=iter([b"0\r\n\r\n"]).__next__))
    chunks.parser = iter([])
    chunks.read(1)
    assert chunks.parser is None


def test_a_request_can_be_made_to_close() -> None:
    request = Request.__new__(Request)
    request.must_close, request.headers, request.version = False, [], (1, 1)
    assert request.should_close() is False
    request.force_close()
    assert request.should_close() is True


def test_contexts_for_tls() -> None:
    assert arguments(gunicorn_sock.ssl_context) == ["conf"]
    config = Config()
    for name in ("certfile", "keyfile", "ca_certs", "suppress_ragged_eofs", "is_ssl"):
        assert hasattr(config, name)


def test_an_error_is_written_without_waiting(stream: Ends) -> None:
    util.write_error(stream.ours, 400, "Bad Request", "no")
    assert b"".join(stream.pieces()).startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert stream.waits == []


def test_settings_that_we_make() -> None:
    config = Config()
    for name in (
        *("wsgi_app", "worker_class", "bind", "control_socket_disable", "workers", "threads"),
        *("worker_connections", "timeout", "graceful_timeout", "sendfile", "accesslog"),
        *("logger_class", "loglevel", "on_starting", "child_exit", "worker_exit"),
    ):
        assert name in config.settings, name
    for name in ("http_protocols", "protocol", "keepalive"):
        assert hasattr(config, name)
    assert (config.http_protocols, config.protocol) == (["h1"], "http")


def test_exit_codes_of_the_master() -> None:
    assert Arbiter.APP_LOAD_ERROR != Arbiter.WORKER_BOOT_ERROR
    assert HaltServer("why", 7).exit_status == 7


def test_its_pool_is_an_executor() -> None:
    worker = ThreadWorker.__new__(ThreadWorker)
    worker.cfg = Config()
    pool = worker.get_thread_pool()
    assert isinstance(pool, ThreadPoolExecutor)
    assert isinstance(pool.submit(int), Future)
    pool.shutdown()
    with pytest.raises(RuntimeError):
        pool.submit(int)


def test_a_listener_is_accepted_from_like_a_socket() -> None:
    listener = gunicorn_sock.create_sockets(
        SimpleNamespace(
            address=[("127.0.0.1", 0)],
            certfile=None,
            keyfile=None,
            reuse_port=False,
            backlog=5,
            is_ssl=False,
        ),
        SimpleNamespace(),
    )[0]
    with socket.create_connection(listener.getsockname()) as client:
        sock, address = listener.accept()
        with sock:
            assert address == client.getsockname()
    listener.close()


def test_an_answer_that_leaves_early_goes_through_the_response() -> None:
    """`start_response` is its method; `_keepalive_after` alone reads on after a request."""
    assert "self.wsgi(environ, resp.start_response)" in inspect.getsource(
        ThreadWorker.handle_request
    )
    assert arguments(wsgi.Response.write) == ["self", "arg"]
    assert arguments(wsgi.Response.should_close) == ["self"]
    assert "if self.chunked and tosend == 0:" in inspect.getsource(wsgi.Response.write)
    source = inspect.getsource(ThreadWorker.handle)
    assert "return self._keepalive_after(conn, self.handle_request(req, conn))" in source
