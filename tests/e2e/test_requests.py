"""Requests and answers of all sizes, whole and in pieces, over a real gunicorn; plain and TLS."""

from __future__ import annotations

import random
import re
import select
import socket
import ssl
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest

from bench.stalled_clients import CERTIFICATE
from tests.support import shared_cache
from tests.wat import ECHO, prints, writes

from .conftest import Server, chosen, serving, until

EDGE = 64 << 10
"""what is collected of a body without a thread"""
SIZES = [0, 1, 1000, EDGE - 1, EDGE, EDGE + 1, 3 * EDGE, 5 << 20]
LARGE_BYTES = 8 << 20
MOST_BYTES = 6 << 20
HEAD = b" HTTP/1.1\r\nHost: here\r\n"
WAIT_S = 60.0
LENGTHY = """export default { fetch({ method }) {
  const headers = { "content-type": "text/plain", etag: '"x"' };
  if (method !== "HEAD") return new Response("y".repeat(1234), { headers });
  return new Response(null, { headers: { ...headers, "content-length": "1234" } });
} };"""


@pytest.fixture(scope="module")
def folder(http_server: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("handlers")
    (found / "hello.wat").write_text(prints("Content-Type: text/plain\n\nhello"))
    (found / "echo.wat").write_text(ECHO)
    (found / "large.wat").write_text(writes(LARGE_BYTES >> 16))
    (found / "get.wat").write_text(prints("Content-Type: text/plain\n\nhello"))
    (found / "get.toml").write_text('methods = ["GET"]\n')
    lengthy = prints("Content-Type: text/plain\nContent-Length: 1234\n\n")
    (found / "lengthy.wat").write_text(lengthy)
    (found / "script.js").write_text(LENGTHY)
    return found


@pytest.fixture(scope="module", params=["plain", "tls"])
def server(
    http_server: str,
    folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Server]:
    settings = {"NEXUS_WORKERS": "1", "NEXUS_THREADS": "4", "NEXUS_TIMEOUT_MS": "60000"}
    settings["NEXUS_MAX_REQUEST_BYTES"] = str(MOST_BYTES)
    settings["NEXUS_CACHE_DIR"] = str(shared_cache())
    certificate = CERTIFICATE if request.param == "tls" else None
    with serving(
        folder, tmp_path_factory.mktemp("server"), certificate=certificate, **settings
    ) as running:
        yield running


def _usual(line: bytes) -> bytes:
    """granian writes the names of headers in lower case."""
    name, colon, value = line.partition(b":")
    return name.title() + colon + value


class Client:
    """A connection whose answers are read one by one."""

    def __init__(self, server: Server) -> None:
        plain = socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = plain
        if server.tls is not None:
            self.sock = server.tls.wrap_socket(plain, server_hostname="localhost")
        self._ahead = b""

    def close(self) -> None:
        self.sock.close()

    def send(self, *parts: bytes) -> None:
        for part in parts:
            self.sock.sendall(part)

    def _read(self) -> bytes:
        more = self.sock.recv(1 << 18)
        assert more, f"closed after {self._ahead[:200]!r}"
        return more

    def head(self) -> list[bytes]:
        """Read the lines of the next answer's head, names in their usual form."""
        while b"\r\n\r\n" not in self._ahead:
            self._ahead += self._read()
        head, _, self._ahead = self._ahead.partition(b"\r\n\r\n")
        first, *lines = head.split(b"\r\n")
        return [first, *(_usual(line) for line in lines)]

    def answer(self) -> tuple[int, bytes]:
        """Read the next answer: status and body."""
        lines = self.head()
        length = next(int(line[16:]) for line in lines if line.startswith(b"Content-Length: "))
        found = bytearray(self._ahead)
        while len(found) < length:
            found += self._read()
        self._ahead = bytes(found[length:])
        return int(lines[0].split()[1]), bytes(found[:length])

    def exchange(self, data: bytes, count: int, chooses: random.Random) -> list[tuple[int, bytes]]:
        """Send *data* in pieces while answers come; return the first *count* of them.

        On one thread: OpenSSL does not take two.
        """
        self.sock.setblocking(False)
        piece, found = b"", bytearray()
        answers: list[tuple[int, bytes]] = []
        while len(answers) < count:
            if not piece:
                size = chooses.choice([1, 100, 5000, 200_000])
                piece, data = data[:size], data[size:]
            select.select([self.sock], [self.sock] if piece else [], [], WAIT_S)
            with suppress(BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                if piece:
                    piece = piece[self.sock.send(piece) :]
            with suppress(BlockingIOError, ssl.SSLWantReadError):
                while more := self.sock.recv(1 << 18):
                    found += more
                raise AssertionError(f"closed after {len(answers)} answers")
            while (answer := self._first(found)) is not None:
                answers.append(answer)
        return answers[:count]

    @staticmethod
    def _first(found: bytearray) -> tuple[int, bytes] | None:
        """Take the first answer out of *found*, if it is there."""
        end = found.find(b"\r\n\r\n") + 4
        if end < 4:
            return None
        length = re.search(rb"(?i)\r\nContent-Length: (\d+)", found)
        assert length is not None
        over = end + int(length[1])
        if len(found) < over:
            return None
        answer = int(found[9:12]), bytes(found[end:over])
        del found[:over]
        return answer

    def is_closed(self) -> bool:
        """Wait for the end of the connection."""
        return not self._ahead and self.sock.recv(1) == b""


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with closing(Client(server)) as found:
        yield found


def post(path: str, body: bytes, sizes: random.Random | None = None) -> bytes:
    """A request with a length, or in chunks of random *sizes*."""
    start = b"POST " + path.encode() + HEAD
    if sizes is None:
        return start + b"Content-Length: %d\r\n\r\n" % len(body) + body
    parts, at = [start + b"Transfer-Encoding: chunked\r\n\r\n"], 0
    while at < len(body):
        chunk = body[at : at + sizes.randint(1, len(body))]
        parts.append(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        at += len(chunk)
    return b"".join([*parts, b"0\r\n\r\n"])


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunks"])
@pytest.mark.parametrize("size", SIZES)
def test_bodies_of_all_sizes(client: Client, size: int, chunked: bool) -> None:
    sizes = random.Random(size)
    for _ in range(2):
        body = sizes.randbytes(size)
        request = post("/echo", body, sizes if chunked else None)
        split = sizes.randint(1, min(len(request), 2 * EDGE) - 1)
        client.send(request[:split], request[split:])
        assert client.answer() == (200, body)


def test_an_answer_that_is_not_read_at_once(client: Client) -> None:
    """And the next request on the same connection, which came with the first."""
    client.send(b"GET /large" + HEAD + b"\r\n" + post("/echo", b"next"))
    status, body = client.answer()
    assert (status, len(body)) == (200, LARGE_BYTES)
    assert client.answer() == (200, b"next")


@pytest.mark.parametrize("seed", range(8))
def test_pipelined_requests_are_answered_in_order(server: Server, seed: int) -> None:
    """Some 4,000 in all, each with its own text, in pieces; one client in three goes away."""

    def ask(number: int) -> None:
        chooses = random.Random(seed * 100 + number)
        expected, sent = [], b""
        for turn in range(50):
            text = f"{seed}.{number}.{turn} ".encode() * chooses.choice([1, 1, 1, 40, 4000, 9000])
            if chooses.random() < 0.3:
                sent += b"GET /hello" + HEAD + b"\r\n"
                expected.append((200, b"hello"))
            else:
                sent += post("/echo", text, chooses if chooses.random() < 0.5 else None)
                expected.append((200, text))
        leaves = chooses.randrange(50) if number % 3 == 0 else len(expected)
        with closing(Client(server)) as client:
            assert client.exchange(sent, leaves, chooses) == expected[:leaves]
            if leaves < len(expected):
                linger = struct.pack("ii", 1, 0)  # reset, where others close
                client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    with ThreadPoolExecutor(10) as clients:
        list(clients.map(ask, range(10)))


@pytest.mark.parametrize(
    ("path", "length", "status"),
    [
        ("/echo", MOST_BYTES + 1, 413),
        ("/nothing", 5, 404),
        ("/get", 5, 405),
        ("/metrics", 5, 405),
    ],
)
def test_a_refusal_before_the_body(client: Client, path: str, length: int, status: int) -> None:
    """A client that waits for `100 Continue` gets the refusal instead, and the connection ends:
    nobody can know whether the body follows."""
    start = f"POST {path}".encode() + HEAD + b"Content-Length: %d\r\n" % length
    client.send(start + b"Expect: 100-continue\r\n\r\n")
    lines = client.head()
    assert lines[0].startswith(b"HTTP/1.1 %d " % status)
    assert b"Connection: close" in lines


def test_one_that_waits_for_100_continue_gets_it(client: Client) -> None:
    for size in (5, 3 * EDGE):
        request = post("/echo", b"x" * size)
        head, _, body = request.partition(b"\r\n\r\n")
        client.send(head + b"\r\nExpect: 100-continue\r\n\r\n")
        assert client.head() == [b"HTTP/1.1 100 Continue"]
        client.send(body)
        assert client.answer() == (200, body)


def test_one_that_does_not_wait_for_it_may_do_without(client: Client) -> None:
    request = post("/echo", b"body").replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
    client.send(request)
    if chosen() == "granian":  # hyper says so even if the body came along
        assert client.head() == [b"HTTP/1.1 100 Continue"]
    assert client.answer() == (200, b"body")


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunks"])
def test_a_body_that_is_too_large(client: Client, chunked: bool) -> None:
    body = bytes(2 * MOST_BYTES)
    try:  # it need not be read to the end, but then the connection ends
        client.send(post("/echo", body, random.Random(1) if chunked else None))
    except TimeoutError:
        raise
    except OSError:
        pass
    lines = client.head()
    assert lines[0].startswith(b"HTTP/1.1 413 ")
    assert b"Connection: close" in lines


def test_a_head_that_is_too_large(client: Client) -> None:
    client.send(b"GET /hello HTTP/1.1\r\n", *[b"X: " + b"x" * 4000 + b"\r\n"] * 17)
    lines = client.head()
    assert lines[0].startswith(b"HTTP/1.1 431 ")
    assert b"Connection: close" in lines


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(
            b"GET / HTTP/1.1\nHost: x\n\n",
            marks=pytest.mark.only("gunicorn"),  # hyper takes a bare LF for the end of a line
        ),
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nNo colon\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused(client: Client, request_: bytes) -> None:
    client.send(request_)
    assert client.head()[0].startswith(b"HTTP/1.1 400 ")


@pytest.mark.only("gunicorn")  # hyper takes a client that sends no more for gone
def test_a_client_that_sends_no_more_still_gets_its_answer(server: Server) -> None:
    if server.tls is not None:
        pytest.skip("TLS connections are not closed by halves")
    for request in (b"GET /hello" + HEAD + b"\r\n", post("/echo", b"hello")):
        with closing(Client(server)) as client:
            client.send(request)
            client.sock.shutdown(socket.SHUT_WR)
            assert client.answer() == (200, b"hello")
            assert client.is_closed()
    with closing(Client(server)) as client:
        client.send(post("/echo", b"whole")[:-1])
        client.sock.shutdown(socket.SHUT_WR)
        assert client.answer()[0] == 400


def test_nothing_is_left_behind(server: Server) -> None:
    """Last: of all those connections."""
    (worker,) = server.workers()
    descriptors = Path(f"/proc/{worker}/fd")

    def sockets() -> int:
        count = 0
        for link in descriptors.iterdir():
            with suppress(FileNotFoundError):  # closed meanwhile
                count += link.readlink().name.startswith("socket:")
        return count

    # granian has a copy of the listening socket, and a pair that wakes it, twice
    own = {"gunicorn": 2, "granian": 6}[chosen()]
    until(lambda: sockets() <= own)
    assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize("path", ["/lengthy", "/script"])
def test_a_head_has_the_length_of_a_get_and_no_body(server: Server, path: str) -> None:
    """What follows on the connection is the next answer."""
    with closing(Client(server)) as client:
        client.send(b"HEAD " + path.encode() + HEAD + b"\r\n" + post("/echo", b"next"))
        assert b"Content-Length: 1234" in client.head()
        assert client.answer() == (200, b"next")
