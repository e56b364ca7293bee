"""Guests that abuse host functions. Error numbers are the specification's."""

from __future__ import annotations

from .case import OK, Case, answering, endless, start

BADF, FAULT, INVAL = 8, 21, 28


def _errno(name: str, call: str, errno: int, setup: str = "") -> Case:
    rest = f"(func $f (result i32) {setup} {call})"
    return Case(name, answering("(call $f)", rest), OK, body=bytes([errno]))


def _iovec(pointer: int, length: int, at: int = 0) -> str:
    return f"""(i32.store (i32.const {at}) (i32.const {pointer}))
        (i32.store (i32.const {at + 4}) (i32.const {length}))"""


def _write(iovecs: int, count: int, result: int = 32, fd: int = 1) -> str:
    arguments = " ".join(f"(i32.const {n})" for n in (fd, iovecs, count, result))
    return f"(call $fd_write {arguments})"


def _read(iovecs: int, count: int, result: int = 32, fd: int = 0) -> str:
    return _write(iovecs, count, result, fd).replace("fd_write", "fd_read")


_HOUR = """(i32.store8 (i32.const 8) (i32.const 0)) (i32.store (i32.const 16) (i32.const 1))
    (i64.store (i32.const 24) (i64.const 3600000000000))"""
_POLL = "(call $poll_oneoff (i32.const 0) (i32.const 128) (i32.const {}) (i32.const 256))"

CASES = [
    _errno("iovec-beyond-the-memory", _write(0, 1), FAULT, _iovec(65530, 100)),
    _errno("iovec-at-minus-one", _write(0, 1), FAULT, _iovec(-1, 1)),
    _errno("iovec-of-negative-length", _write(0, 1), FAULT, _iovec(64, -1)),
    _errno("iovec-that-wraps-around", _write(0, 1), FAULT, _iovec(-16, 32)),
    _errno("iovecs-beyond-the-memory", _write(65532, 1), FAULT),
    _errno("negative-number-of-iovecs", _write(0, -1), FAULT),
    _errno("result-beyond-the-memory", _read(0, 1, 65533), FAULT, _iovec(64, 4)),
    _errno("read-into-iovecs-beyond-the-memory", _read(0, 1), FAULT, _iovec(65535, 2)),
    _errno("read-over-its-own-iovecs", _read(0, 2), 0, _iovec(0, 16) + _iovec(0, 16, 8)),
    _errno("write-to-no-descriptor", _write(0, 1, fd=999), BADF, _iovec(64, 4)),
    _errno("write-to-a-negative-descriptor", _write(0, 1, fd=-1), BADF, _iovec(64, 4)),
    _errno(
        "environment-beyond-the-memory",
        "(call $environ_get (i32.const 65534) (i32.const 65535))",
        FAULT,
    ),
    _errno("environment-over-itself", "(call $environ_get (i32.const 0) (i32.const 0))", 0),
    _errno("random-of-negative-length", "(call $random_get (i32.const 0) (i32.const -1))", FAULT),
    _errno("random-beyond-the-memory", "(call $random_get (i32.const 65535) (i32.const 2))", FAULT),
    _errno(
        "open-etc-passwd",
        """(call $path_open (i32.const 3) (i32.const 0) (i32.const 64)
        (i32.const 11) (i32.const 0) (i64.const -1) (i64.const -1) (i32.const 0) (i32.const 32))""",
        BADF,
    ),
    _errno("poll-of-nothing", _POLL.format(0), INVAL),
    _errno("poll-of-two-billion", _POLL.format(-(2**31)), INVAL),
    Case(
        "poll-for-an-hour",
        start(f"{_HOUR} (drop {_POLL.format(1)})"),
        "TIMEOUT",
        "timeout_ms = 80\n",
    ),
    Case(
        "poll-for-an-hour-in-a-loop",
        start(endless(f"{_HOUR} (drop {_POLL.format(1)})")),
        "TIMEOUT",
        "timeout_ms = 80\n",
    ),
    Case("too-many-host-calls", start(endless("(drop (call $sched_yield))")), "RESOURCE_LIMIT"),
    Case(
        "flood-of-stdout",
        start(_iovec(0, 65536, 64) + endless(f"(drop {_write(64, 1, 72)})")),
        "RESOURCE_LIMIT",
    ),
    Case(
        "flood-of-stderr",
        answering(
            "(call $f)",
            f"""(func $f (result i32) (local $n i32)
        {_iovec(0, 1000, 64)} (loop $l (drop {_write(64, 1, 72, 2)})
          (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1)))
            (i32.const 500)))) (i32.const 1))""",
        ),
        OK,
        body=b"\1",
    ),
    Case(
        "closes-everything",
        start("""(drop (call $fd_close (i32.const 0)))
        (drop (call $fd_close (i32.const 1))) (drop (call $fd_close (i32.const 2)))
        (drop (call $fd_renumber (i32.const 0) (i32.const 1)))"""),
        "INVALID_RESPONSE",
    ),
    Case("exit-code-256", start("(call $proc_exit (i32.const 256))"), "EXECUTION_ERROR"),
    Case("exit-code-minus-one", start("(call $proc_exit (i32.const -1))"), "EXECUTION_ERROR"),
    Case(
        "goes-on-after-exit",
        start(f"(call $proc_exit (i32.const 1)) {endless('')}"),
        "EXECUTION_ERROR",
    ),
    Case("kills-itself", start("(drop (call $proc_raise (i32.const 9)))"), "EXECUTION_ERROR"),
    Case(
        "exit-from-the-start-function",
        start("", "(func $s (call $proc_exit (i32.const 0))) (start $s)"),
        "INVALID_RESPONSE",
    ),
    Case(
        "divides-by-zero",
        start("(drop (i32.div_u (i32.const 1) (i32.const 0)))"),
        "EXECUTION_ERROR",
    ),
    Case(
        "reads-beyond-the-memory",
        start("(drop (i64.load offset=4294967295 (i32.const -1)))"),
        "EXECUTION_ERROR",
    ),
    Case(
        "calls-a-null-reference",
        start("(call_indirect (i32.const 0))", "(table 1 funcref)"),
        "EXECUTION_ERROR",
    ),
    Case(
        "calls-with-the-wrong-type",
        start(
            "(call_indirect (type $t) (i32.const 1) (i32.const 0))",
            "(type $t (func (param i32))) (table 1 funcref) (elem (i32.const 0) $f) (func $f)",
        ),
        "EXECUTION_ERROR",
    ),
]
