"""What was found by fuzzing is replayed, and the fuzzing goes on for a moment, the same each time.

The long run: `python -m tests.fuzz.reader --seconds 600`, and the same with `cgi`.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .cgi import CgiTarget
from .driver import Failure, Fuzzing, Target, kept, raise_hang
from .reader import ReaderTarget

TARGETS: list[Target] = [ReaderTarget(), CgiTarget()]


@pytest.fixture(autouse=True)
def no_hang() -> Iterator[None]:
    before = signal.signal(signal.SIGALRM, raise_hang)
    yield
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_kept_seeds_end_cleanly_and_in_many_ways(target: Target) -> None:
    assert len(kept(target.name)) > 20
    fuzzing = Fuzzing(target, Random(0))
    assert len(fuzzing.endings) > 20


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_mutated_inputs_end_cleanly(target: Target) -> None:
    fuzzing = Fuzzing(target, Random(2026))
    for _ in range(1500):
        fuzzing.step()


def test_another_exception_would_be_reported() -> None:
    class Broken(CgiTarget):
        def check(self, data: bytes) -> str:
            return str(data.index(b"Content"))

    with pytest.raises(Failure, match=r"ValueError.*\ninput \(hex\)"):
        Fuzzing(Broken(), Random(0))


_LINE = st.one_of(
    st.sampled_from([b"Content-Type: a/b", b"Status: 200", b"Location: /", b"A: b", b""]),
    st.binary(max_size=20),
    st.text(max_size=12).map(lambda text: b"X: " + text.encode(errors="surrogatepass")),
)


@given(st.lists(_LINE, max_size=6), st.sampled_from([b"\n", b"\r\n", b"\r"]), st.binary(max_size=9))
@settings(max_examples=500, deadline=None)
def test_header_blocks_of_any_kind(lines: list[bytes], end: bytes, body: bytes) -> None:
    CgiTarget().check(end.join([*lines, b"", body]))
