"""Lines and datagrams."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from nexus_statsd.lines import COUNT, TIME, Dialect, datagrams

TAGGED = Dialect("nexus", {"env": "test"}, tagged=True)
PLAIN = Dialect("nexus", {"env": "test"}, tagged=False)

LINE = re.compile(
    r"[A-Za-z0-9_.]+:-?[0-9]+(\.[0-9]+)?\|(c|g|ms)(\|@[0-9.]+)?"
    r"(\|#[A-Za-z0-9_./:-]+(,[A-Za-z0-9_./:-]+)*)?"
)


def test_dogstatsd_has_tags() -> None:
    line = TAGGED.line("errors", 3, COUNT, {"code": "TIMEOUT"})
    assert line == "nexus.errors:3|c|#env:test,code:TIMEOUT"


def test_a_rate_stands_before_the_tags() -> None:
    assert TAGGED.line("t", 1.25, TIME, rate=0.5) == "nexus.t:1.25|ms|@0.5|#env:test"


def test_plain_statsd_has_them_in_the_name() -> None:
    line = PLAIN.line("executions", 1, COUNT, {"handler": "a.b", "status": "ok"})
    assert line == "nexus.executions.test.a_b.ok:1|c"


def test_without_prefix_a_name_stands_alone() -> None:
    assert Dialect("", {}, tagged=True).line("x", 1, COUNT) == "x:1|c"


def test_numbers_have_no_exponent() -> None:
    assert TAGGED.line("n", 0.00002, COUNT).split("|")[0] == "nexus.n:0.00002"
    assert TAGGED.line("n", 1e20, COUNT).split("|")[0] == "nexus.n:100000000000000000000"
    assert TAGGED.line("n", 1e-9, COUNT).split("|")[0] == "nexus.n:0"


@given(st.text(), st.text(min_size=1), st.text(), st.sampled_from([TAGGED, PLAIN]))
def test_no_text_breaks_the_protocol(name: str, tag: str, value: str, dialect: Dialect) -> None:
    line = dialect.line("x" + name, 1, COUNT, {tag: value})
    if dialect is PLAIN:
        line = line.replace("-", "_")  # in the parts of a name it is as good as any letter
    assert LINE.fullmatch(line)


@given(st.lists(st.text(alphabet="abc", min_size=1, max_size=40)), st.integers(40, 120))
def test_datagrams_hold_all_lines_in_order_and_are_full(lines: list[str], most: int) -> None:
    packed = list(datagrams(lines, most))
    assert [part for one in packed for part in one.decode().split("\n")] == lines
    assert all(len(one) <= most for one in packed)
    for one, following in pairwise(packed):
        assert len(one) + 1 + len(following.split(b"\n")[0]) > most


def test_a_line_that_fits_nowhere_is_left_out() -> None:
    assert list(datagrams(["a:1|c", "b" * 99 + ":1|c", "c:1|c"], 50)) == [b"a:1|c\nc:1|c"]
