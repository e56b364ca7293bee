from __future__ import annotations

import struct

import pytest

from nexus.errors import GuestTrap, InternalError, ResourceLimit
from nexus.guest.preview1 import errno
from nexus.model import Command, Context, HttpRequest, Limits

from .support import PAGE_BYTES, Host, LocalRun, ask, perform, request


def test_reads_scatter_over_buffers_and_end() -> None:
    def question(host: Host) -> list[object]:
        iovecs = host.put(0, 100, 3, 200, 0, 300, 10)
        first = host.fd_read(0, iovecs, 3, 64), host.u32(64)
        content = bytes(host.memory[100:103]), bytes(host.memory[300:304])
        return [first, content, host.fd_read(0, iovecs, 3, 64), host.u32(64)]

    answer = ask(question, task=Context(b"[1,2,3]"))
    assert answer == [(0, 7), (b"[1,", b"2,3]"), 0, 0]


def test_reads_continue_where_the_last_one_ended() -> None:
    def question(host: Host) -> bytes:
        read = b""
        while True:
            assert host.fd_read(0, host.put(0, 100, 2), 1, 8) == errno.SUCCESS
            if host.u32(8) == 0:
                return read
            read += host.memory[100 : 100 + host.u32(8)]

    assert ask(question, task=Context(b"12345")) == b"12345"


def test_writes_gather_over_buffers() -> None:
    def script(host: Host) -> None:
        host.memory[100:112] = b'["a",  "b"] '
        host.put(0, 100, 5, 300, 0, 107, 4)
        assert host.fd_write(1, 0, 3, 64) == errno.SUCCESS
        assert host.u32(64) == 9

    assert perform(script) == ["a", "b"]


def test_the_count_may_be_stored_over_what_was_written() -> None:
    def script(host: Host) -> None:
        host.memory[100:104] = b"1234"
        assert host.fd_write(1, host.put(0, 100, 4), 1, 100) == errno.SUCCESS
        assert host.u32(100) == 4

    assert perform(script) == 1234


def test_overlapping_buffers_cannot_multiply_work() -> None:
    def question(host: Host) -> list[int]:
        host.put(0, *[0, PAGE_BYTES] * 2)
        return [
            host.fd_write(2, 0, 2, 64),
            host.fd_read(0, 0, 2, 64),
            host.fd_write(2, 0, 1025, 64),
        ]

    assert ask(question) == [errno.INVAL] * 3


@pytest.mark.parametrize("fd", [3, -1, 1 << 30])
def test_closed_descriptors(fd: int) -> None:
    def question(host: Host) -> tuple[int, int]:
        return host.fd_read(fd, 0, 0, 64), host.fd_write(fd, 0, 0, 64)

    assert ask(question) == (errno.BADF, errno.BADF)


def test_stdin_cannot_be_written_nor_stdout_read() -> None:
    def question(host: Host) -> tuple[int, int]:
        return host.fd_read(1, 0, 0, 64), host.fd_write(0, 0, 0, 64)

    assert ask(question) == (errno.NOTCAPABLE, errno.NOTCAPABLE)


def test_too_much_output_stops_the_run() -> None:
    limits = Limits(max_response_bytes=10, max_header_bytes=5)

    def script(host: Host) -> None:
        assert host.print(b"123456789012345") == errno.SUCCESS
        assert host.print(b"6") == errno.FBIG
        assert host.print(b"7") == errno.CANCELED

    with pytest.raises(ResourceLimit, match="more than 15 bytes"):
        perform(script, request(), run=LocalRun(limits))


def test_stderr_goes_to_the_log_and_is_cut_with_a_mark() -> None:
    run = LocalRun(Limits(max_stderr_bytes=40))

    def script(host: Host) -> None:
        for _ in range(5):
            assert host.print(b"0123456789012345678", fd=2) == errno.SUCCESS
        host.print(b"1")

    assert perform(script, run=run) == 1
    assert run.stderr == b"01234567890123456780\n[stderr truncated]\n"


@pytest.mark.parametrize("limit", [0, 1, 19, 20, 21])
def test_stderr_never_exceeds_its_limit(limit: int) -> None:
    run = LocalRun(Limits(max_stderr_bytes=limit))
    ask(lambda host: (host.print(b"x" * 15, fd=2), host.print(b"y" * 100, fd=2)), run=run)
    assert len(run.stderr) == limit


def test_stderr_that_fits_has_no_mark() -> None:
    run = LocalRun(Limits(max_stderr_bytes=4))
    ask(lambda host: host.print(b"oops", fd=2), run=run)
    assert run.stderr == b"oops"


def command(read: object = lambda length: b"", write: object = lambda content: None) -> Command:
    return Command((), {}, read, write, write)  # type: ignore[arg-type]


def test_a_commands_streams_are_called_through() -> None:
    asked: list[int] = []
    written: list[bytes] = []

    def read(length: int) -> bytes:
        asked.append(length)
        return b"ab"

    def script(host: Host) -> None:
        host.fd_read(0, host.put(0, 100, 3, 110, 4), 2, 64)
        assert host.u32(64) == 2
        assert host.fd_write(1, host.put(0, 100, 2), 1, 64) == errno.SUCCESS
        assert host.fd_write(2, host.put(0, 100, 1), 1, 64) == errno.SUCCESS

    assert perform(script, command(read, written.append)) == 0
    assert (asked, written) == ([7], [b"ab", b"a"])


@pytest.mark.parametrize(
    ("error", "number"),
    [(BrokenPipeError(), errno.PIPE), (BlockingIOError(), errno.AGAIN), (OSError(), errno.IO)],
)
def test_a_commands_failing_streams_are_the_guests_error(error: OSError, number: int) -> None:
    def fail(_: object) -> bytes:
        raise error

    def script(host: Host) -> None:
        assert host.print(b"x") == number
        assert host.fd_read(0, host.put(0, 100, 1), 1, 64) == number

    assert perform(script, command(fail, fail)) == 0


def test_a_commands_stream_that_returns_too_much_is_our_fault() -> None:
    def script(host: Host) -> None:
        assert host.fd_read(0, host.put(0, 100, 1), 1, 64) == errno.IO

    with pytest.raises(InternalError, match="fd_read"):
        perform(script, command(lambda length: b"too much"))


def test_memory_that_grew_is_found() -> None:
    def script(host: Host) -> None:
        host.print(b" ")
        host.memory = grown = bytearray(2 * PAGE_BYTES)
        struct.pack_into("<II", grown, PAGE_BYTES, PAGE_BYTES + 8, 1)
        grown[PAGE_BYTES + 8] = ord("5")
        assert host.fd_write(1, PAGE_BYTES, 1, PAGE_BYTES + 64) == errno.SUCCESS

    assert perform(script) == 5


def test_a_silent_guest_has_not_answered() -> None:
    with pytest.raises(GuestTrap, match="code 1"):
        perform(lambda host: host.proc_exit(1), HttpRequest({}))
