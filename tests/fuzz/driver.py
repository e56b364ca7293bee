"""Runs one target on mutated inputs for some seconds: `python -m tests.fuzz.TARGET --seconds N`.

An input that ends in a way not seen before (another error, or another place in the words of one)
joins the corpus, so that the search goes deeper: error messages stand in for coverage. `--keep`
writes those to `seeds/TARGET.hex`, one a line, and the test suite replays them.
"""

from __future__ import annotations

import argparse
import re
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType
from typing import Protocol

from .mutate import mutate

SEEDS = Path(__file__).parent / "seeds"
HANG_S = 10
"""what one input may take; the slowest good one takes a few milliseconds"""

_SPECIAL = re.compile(
    r"""\bb'.*'|\bb".*"|\b(?<!guest)'[^']*'|0x[0-9a-f]+|[0-9]+"""
    r"""|^.*(?=: (?:imports|exceptions))|one \S+ header""",
    re.DOTALL,
)
"""what differs between messages of one kind"""
MAX_KEPT, MAX_KEPT_BYTES = 300, 1024


class Target(Protocol):
    """What is fuzzed."""

    name: str
    seeds: Sequence[bytes]
    tokens: Sequence[bytes]
    """pieces of the input's language"""

    def check(self, data: bytes) -> str:
        """Feed *data* and say how it ended, in words.

        Raises: whatever the target should not; AssertionError where its answer is wrong.
        """
        ...


class Failure(Exception):
    """An input that the target did not end cleanly on."""

    def __init__(self, data: bytes, error: BaseException) -> None:
        super().__init__(f"{type(error).__name__}: {error}\ninput (hex): {data.hex()}")


class Hang(BaseException):
    """Raised into a target that does not come back; not an Exception, so that none catches it."""


@dataclass
class Fuzzing:
    """A run under way."""

    target: Target
    random: Random
    corpus: list[bytes] = field(default_factory=list)
    endings: set[str] = field(default_factory=set)
    found: list[bytes] = field(default_factory=list)
    """inputs with an ending of their own, beyond the target's seeds and the kept ones"""
    inputs: int = 0
    slowest_s: float = 0.0

    def __post_init__(self) -> None:
        for seed in (*self.target.seeds, *kept(self.target.name)):
            self.feed(seed)
        self.found.clear()

    def run(self, seconds: float) -> None:
        """Raises: Failure."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.step()

    def step(self) -> None:
        seed = self.random.choice(self.corpus)
        self.feed(mutate(self.random, seed, self.corpus, self.target.tokens))

    def feed(self, data: bytes) -> None:
        began = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, HANG_S)
        try:
            ending = _SPECIAL.sub("#", self.target.check(data))
        except (Exception, Hang) as error:
            raise Failure(data, error) from error
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        self.inputs += 1
        self.slowest_s = max(self.slowest_s, time.monotonic() - began)
        if ending not in self.endings or not self.corpus:
            self.endings.add(ending)
            self.corpus.append(data)
            self.found.append(data)


def kept(name: str) -> list[bytes]:
    """The inputs that earlier runs found worth keeping."""
    path = SEEDS / f"{name}.hex"
    return [bytes.fromhex(line) for line in path.read_text().split()] if path.exists() else []


def raise_hang(signum: int, frame: FrameType | None) -> None:
    raise Hang(f"it took over {HANG_S} s")


def main(target: Target) -> None:
    parser = argparse.ArgumentParser(description=f"Fuzz {target.name}.")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=None, help="of the random numbers")
    parser.add_argument("--keep", action="store_true", help="add what was found to the seeds")
    options = parser.parse_args()
    signal.signal(signal.SIGALRM, raise_hang)
    fuzzing = Fuzzing(target, Random(options.seed))
    fuzzing.run(options.seconds)
    print(
        f"{target.name}: {fuzzing.inputs} inputs, {len(fuzzing.endings)} different endings, "
        f"{len(fuzzing.found)} new, slowest {fuzzing.slowest_s * 1000:.0f} ms; all ended cleanly"
    )
    if options.keep:
        inputs = [data for data in kept(target.name) + fuzzing.found if len(data) <= MAX_KEPT_BYTES]
        lines = [data.hex() for data in inputs[:MAX_KEPT]]
        SEEDS.mkdir(exist_ok=True)
        (SEEDS / f"{target.name}.hex").write_text("\n".join(lines) + "\n")
