"""Who serves a kept-alive connection, on which thread and when: real sockets, our own worker."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from nexus.server import kept_alive
from nexus.server.kept_alive import KeptAlive

WAIT_S = 20.0
PLAIN, WAITS, QUITS = b"p", b"w", b"q"


class Incoming:
    """What came along with the last request."""

    def __init__(self) -> None:
        self.ahead = b""

    def may_be_ready(self) -> bool:
        return bool(self.ahead)


class Sock:
    """A socket that has that, too."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock, self.incoming = sock, Incoming()
        sock.setblocking(False)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class Conn:
    """As much of gthread's as is looked at; each byte is a request, and is answered by itself."""

    def __init__(self) -> None:
        sock, self.client = socket.socketpair()
        self.sock = Sock(sock)
        self.client.settimeout(WAIT_S)
        self.back = threading.Semaphore(0)
        """released each time that the main thread gets it back"""
        self.stayed: list[bool] = []
        self.in_use = threading.Lock()

    def take(self) -> bytes | None:
        """The next request; None: it is not there yet. What came along is kept ahead."""
        try:
            data = self.sock.incoming.ahead or self.sock.recv(10_000)
        except BlockingIOError:
            return None
        self.sock.incoming.ahead = data[1:]
        return data[:1]

    def look(self) -> bytes:
        """The next request, which stays; empty: it is not there yet."""
        try:
            ahead = self.sock.incoming.ahead or self.sock.recv(10_000)
        except BlockingIOError:
            return b""
        self.sock.incoming.ahead = ahead
        return ahead[:1]

    def ask(self, request: bytes = PLAIN) -> None:
        """Send a request and wait for its answer."""
        self.client.sendall(request)
        assert self.client.recv(1) == request

    def wait_back(self) -> bool:
        """Wait until the main thread has it; whether it stays open."""
        assert self.back.acquire(timeout=WAIT_S)
        return self.stayed[-1]


class Worker:
    """A worker that answers what it is asked, once *serving* has returned."""

    def __init__(self, threads: int, serving: Callable[[Conn, bytes], None]) -> None:
        self.pool = ThreadPoolExecutor(threads)
        self.kept = KeptAlive(self)
        self.serving = serving
        self.stops = self.wanted = self.takes_again = False
        self.order: list[tuple[Conn, bytes, int]] = []
        """what was served, and by which thread"""
        self.looked = 0
        """how often a connection had no request after all"""

    def serve(self, conn: Conn) -> Callable[[], None] | None:
        assert conn.in_use.acquire(blocking=False), "two threads serve one connection"
        try:
            request = conn.take()
            if request is None:
                self.looked += 1
                return None
            self.order.append((conn, request, threading.get_ident()))
            if request in (b"", QUITS):
                return lambda: self.take_back(conn, False)
            self.serving(conn, request)
            conn.sock.sendall(request)
            return None
        finally:
            conn.in_use.release()

    def handler_of(self, conn: Conn) -> str:
        return conn.look().decode()

    def take_back(self, conn: Conn, stays: bool) -> None:
        conn.stayed.append(stays)
        conn.back.release()
        if self.takes_again and stays and not self.stops:
            self.begin(conn)

    def wait_for_client(self, conn: Conn) -> None:
        self.take_back(conn, True)

    def on_main_thread(self, step: Callable[[], None]) -> None:
        step()

    def run_elsewhere(self, task: Callable[[], None]) -> bool:
        try:
            self.pool.submit(task)
        except RuntimeError:
            return False
        return True

    def stopping(self) -> bool:
        return self.stops

    def needs_thread(self) -> bool:
        return self.wanted

    def begin(self, *conns: Conn) -> None:
        """Keep them, and have a thread lead."""
        for conn in conns:
            self.kept.keep(conn)
        self.run_elsewhere(self.kept.lead)

    def threads(self) -> set[int]:
        return {thread for _, _, thread in self.order}


Maker = Callable[..., Worker]


@pytest.fixture
def make(conns: list[Conn]) -> Iterator[Maker]:
    """Workers that end before the connections do: while one is kept nobody else may close it."""
    made: list[Worker] = []

    def maker(
        serving: Callable[[Conn, bytes], None] = lambda conn, request: None, threads: int = 8
    ) -> Worker:
        made.append(Worker(threads, serving))
        return made[-1]

    yield maker
    for worker in made:
        worker.stops = True
        worker.pool.shutdown(wait=True)  # returns only if no thread is stuck
        worker.kept.looker.stop()


@pytest.fixture
def conns() -> Iterator[list[Conn]]:
    made = [Conn() for _ in range(6)]
    yield made
    for conn in made:
        conn.sock.close()
        conn.client.close()


def test_one_thread_serves_all_that_are_ready(make: Maker, conns: list[Conn]) -> None:
    worker = make()
    for conn in conns:
        conn.client.sendall(PLAIN)
    worker.begin(*conns)
    assert [conn.wait_back() for conn in conns] == [True] * 6, "silent now, so they go back"
    assert len(worker.order) == 6
    assert len(worker.threads()) == 1


def test_the_order_is_that_of_arrival(make: Maker, conns: list[Conn]) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def serving(conn: Conn, request: bytes) -> None:
        begun.set()
        assert go_on.wait(WAIT_S)

    worker = make(serving)
    conns[2].client.sendall(PLAIN)
    worker.begin(*conns)
    assert begun.wait(WAIT_S)
    expected = [conns[at] for at in (4, 0, 5, 3, 1)]
    for conn in expected:
        conn.client.sendall(PLAIN)
    go_on.set()
    for conn in conns:
        conn.wait_back()
    assert [conn for conn, _, _ in worker.order] == [conns[2], *expected]


def test_handlers_take_turns_after_a_slow_request(make: Maker, conns: list[Conn]) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def serving(conn: Conn, request: bytes) -> None:
        if request == WAITS and not begun.is_set():
            worker.kept.before_wait()
        elif not begun.is_set():
            begun.set()
            assert go_on.wait(WAIT_S)

    worker = make(serving)
    conns[0].client.sendall(WAITS)
    worker.begin(*conns)
    assert conns[0].client.recv(1) == WAITS
    conns[0].client.sendall(PLAIN)
    assert begun.wait(WAIT_S)
    for conn in conns[1:5]:
        conn.client.sendall(WAITS)
    conns[5].client.sendall(PLAIN)
    go_on.set()
    assert all(conn.wait_back() for conn in conns)
    served = [request for _, request, _ in worker.order]
    assert served[:2] == [WAITS, PLAIN]
    assert served.index(PLAIN, 2) <= 3, "it came last of five"


@pytest.mark.parametrize("tells", [True, False])
def test_others_are_served_while_one_waits(make: Maker, conns: list[Conn], tells: bool) -> None:
    """It says so, or is found out by the thread that looks."""
    served = threading.Event()

    def serving(conn: Conn, request: bytes) -> None:
        if request == PLAIN:
            served.set()
            return
        if tells:
            worker.kept.before_wait()
        assert served.wait(WAIT_S), "the others wait too"

    worker = make(serving)
    if not tells:
        worker.kept.looker.start()
    first, second = conns[:2]
    first.client.sendall(WAITS)
    second.client.sendall(PLAIN)
    worker.begin(first, second)
    assert first.wait_back()
    assert second.wait_back()
    assert [conn for conn, _, _ in worker.order] == [first, second]
    assert len(worker.threads()) == 2


def test_only_the_leader_can_hand_over(make: Maker, conns: list[Conn]) -> None:
    def serving(conn: Conn, request: bytes) -> None:
        other = threading.Thread(target=worker.kept.before_wait)
        other.start()
        other.join()

    worker = make(serving)
    worker.kept.before_wait()  # nobody leads
    for conn in conns:
        conn.client.sendall(PLAIN)
    worker.begin(*conns)
    for conn in conns:
        conn.wait_back()
    assert len(worker.threads()) == 1


def test_what_ends_is_handed_back_as_such(make: Maker, conns: list[Conn]) -> None:
    worker = make()
    conns[0].client.sendall(QUITS)
    conns[1].client.close()
    conns[2].client.shutdown(socket.SHUT_WR)
    worker.begin(*conns[:3])
    assert [conn.wait_back() for conn in conns[:3]] == [False] * 3


def test_what_came_along_is_served_but_does_not_keep_others_waiting(
    make: Maker, conns: list[Conn]
) -> None:
    worker = make()
    conns[0].client.sendall(PLAIN * 100)
    conns[1].client.sendall(PLAIN)
    worker.begin(conns[0], conns[1])
    assert conns[0].wait_back()
    assert conns[1].wait_back()
    served = [conn for conn, _, _ in worker.order]
    assert len(served) == 101
    assert served.index(conns[1]) < 10


def test_a_leader_gives_way_to_work_that_has_no_other_thread(
    make: Maker, conns: list[Conn]
) -> None:
    begun, go_on, ran = threading.Event(), threading.Event(), threading.Event()

    def serving(conn: Conn, request: bytes) -> None:
        if request == WAITS:
            begun.set()
            assert go_on.wait(WAIT_S)
        else:
            assert ran.is_set(), "it came after the work, and was served before"

    def work() -> None:
        worker.wanted = False
        ran.set()

    worker = make(serving, threads=1)
    conns[0].client.sendall(WAITS)
    worker.begin(*conns)
    assert begun.wait(WAIT_S)
    conns[1].client.sendall(PLAIN)
    worker.wanted = True
    worker.pool.submit(work)
    go_on.set()
    assert ran.wait(WAIT_S)
    assert all(conn.wait_back() for conn in conns)
    assert [request for _, request, _ in worker.order] == [WAITS, PLAIN]


def test_all_go_back_when_the_worker_stops(make: Maker, conns: list[Conn]) -> None:
    def serving(conn: Conn, request: bytes) -> None:
        conns[1].client.sendall(PLAIN)
        worker.stops = True

    worker = make(serving)
    conns[0].client.sendall(PLAIN)
    worker.begin(*conns)
    assert all(conn.wait_back() for conn in conns)
    assert [conn for conn, _, _ in worker.order] == [conns[0]]
    assert conns[1].sock.recv(10, socket.MSG_DONTWAIT) == PLAIN, "its request is still to be read"


def test_they_go_back_where_no_thread_can_lead_on(make: Maker, conns: list[Conn]) -> None:
    def serving(conn: Conn, request: bytes) -> None:
        worker.pool.shutdown(wait=False)
        worker.kept.before_wait()
        assert all(conn.wait_back() for conn in conns[1:])

    worker = make(serving)
    conns[0].client.sendall(PLAIN)
    worker.begin(*conns)
    assert conns[0].wait_back()


def test_a_thread_is_asked_once_while_none_comes(make: Maker, conns: list[Conn]) -> None:
    """As in a worker all of whose threads are busy: what is asked must not pile up."""
    asked: list[Callable[[], None]] = []
    worker = make(lambda conn, request: worker.kept.before_wait())
    worker.run_elsewhere = lambda task: asked.append(task) or True  # type: ignore[method-assign]
    for conn in conns:
        worker.kept.keep(conn)
        conn.client.sendall(PLAIN * 3)
    worker.kept.lead()
    assert [request for _, request, _ in worker.order] == [PLAIN] * 18
    assert len(asked) == 1
    asked.pop()()
    assert all(conn.wait_back() for conn in conns)
    conns[0].client.sendall(PLAIN)
    worker.kept.keep(conns[0])
    worker.kept.keep(conns[1])
    worker.kept.lead()
    assert len(asked) == 1, "it came, so the next is asked again"


def test_one_that_cannot_be_waited_for_goes_back(make: Maker, conns: list[Conn]) -> None:
    worker = make()
    # The kernel refuses a second registration, as it does one beyond its bounds.
    worker.kept._silent._epoll.register(conns[0].sock.fileno(), 0)
    worker.kept.keep(conns[0])
    assert conns[0].wait_back()


def test_a_silent_one_goes_back_though_others_go_on(
    make: Maker, conns: list[Conn], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_alive, "KEPT_S", 0.05)
    monkeypatch.setattr(kept_alive, "LINGER_S", WAIT_S)
    worker = make()
    silent, busy = conns[:2]
    worker.begin(silent, busy)
    deadline = time.monotonic() + WAIT_S
    while not silent.stayed:
        assert time.monotonic() < deadline
        busy.ask()
    assert busy.stayed == []
    worker.stops = True
    busy.client.close()
    busy.wait_back()


def test_nothing_is_missed_while_one_is_served(
    make: Maker, conns: list[Conn], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The epoll tells of each arrival once, also while another thread serves the connection."""
    monkeypatch.setattr(kept_alive, "LINGER_S", WAIT_S)
    begun, go_on = threading.Event(), threading.Event()

    def serving(conn: Conn, request: bytes) -> None:
        if request == WAITS:
            worker.kept.before_wait()
            begun.set()
            assert go_on.wait(WAIT_S)

    worker = make(serving)
    first, second = conns[:2]
    first.client.sendall(WAITS)
    worker.begin(first, second)
    assert begun.wait(WAIT_S)
    first.client.sendall(PLAIN)  # behind the one that is being served
    deadline = time.monotonic() + WAIT_S
    while not worker.kept._silent._missed:  # the other leader has been told
        assert time.monotonic() < deadline
        time.sleep(0.01)  # between two looks; the deadline bounds them
    second.ask()
    go_on.set()
    assert first.client.recv(1) == WAITS
    assert first.client.recv(1) == PLAIN
    for conn in (first, second):
        conn.client.sendall(QUITS)
        assert conn.wait_back() is False


def test_a_client_that_closes_with_its_request_is_noticed(
    make: Maker, conns: list[Conn], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_alive, "LINGER_S", WAIT_S)
    worker = make()
    conns[0].client.sendall(PLAIN)
    conns[0].client.shutdown(socket.SHUT_WR)
    worker.begin(conns[0])
    assert conns[0].wait_back() is False
    assert [request for _, request, _ in worker.order] == [PLAIN, b""]


def test_one_whose_request_is_not_there_yet_is_kept(make: Maker, conns: list[Conn]) -> None:
    worker = make()
    conns[0].sock.incoming.may_be_ready = lambda: worker.looked == 0  # type: ignore[method-assign]
    worker.begin(conns[0])
    assert conns[0].wait_back()
    assert (worker.looked, worker.order) == (1, [])


def test_one_that_went_back_may_come_again(make: Maker, conns: list[Conn]) -> None:
    """Its descriptor is watched anew."""
    worker = make()
    for _ in range(3):
        conns[0].client.sendall(PLAIN)
        worker.begin(conns[0])
        assert conns[0].wait_back()
        assert conns[0].client.recv(1) == PLAIN
        assert not worker.kept._silent._watched


def test_nobody_looks_while_nothing_runs(make: Maker, conns: list[Conn]) -> None:
    worker = make()
    worker.kept.looker.start()
    for _ in range(2):
        deadline = time.monotonic() + WAIT_S
        while not worker.kept.looker.sleeps:
            assert time.monotonic() < deadline
            time.sleep(0.01)  # between two looks; the deadline bounds them
        conns[0].client.sendall(PLAIN)
        worker.begin(conns[0])
        assert conns[0].wait_back()
        assert not worker.kept.looker.sleeps, "a request wakes it"


@pytest.mark.parametrize("seed", range(4))
def test_every_request_is_answered_in_its_order(make: Maker, conns: list[Conn], seed: int) -> None:
    """Clients that ask at once, some of whom make the server wait, told and untold."""
    random_waits = random.Random(seed)

    def serving(conn: Conn, request: bytes) -> None:
        if request == WAITS:
            worker.kept.before_wait()
        if request != PLAIN:
            time.sleep(random_waits.random() * 0.005)  # a guest's wait; it gives the GIL up

    def client(conn: Conn, number: int) -> None:
        chooses = random.Random(seed * 100 + number)
        for _ in range(200):
            conn.ask(chooses.choice([PLAIN, PLAIN, PLAIN, WAITS, b"l"]))

    worker = make(serving)
    worker.takes_again = True
    worker.kept.looker.start()
    worker.begin(*conns)
    with ThreadPoolExecutor(len(conns)) as clients:
        for done in [clients.submit(client, conn, n) for n, conn in enumerate(conns)]:
            done.result()
    worker.stops = True
    assert len(worker.order) == 200 * len(conns)
