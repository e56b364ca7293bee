"""Gives each request its own random numbers, in generators that were made before the snapshot.

The host writes a new state into those that it knows by address, before each request: a seed would
take the guest 80 us to spread. Others are seeded anew in the guest.
"""

import os
import sys
from array import array

from nexus_adapt import when_imported

_MARK = b"\6"
"""the first byte of a message with a generator's address and state; `nexus/guest/python/lasting.py`
reads it"""
_generators = []
"""`random`, `Random.seed` and the generators that got no seed of their own; empty while nothing
has imported `random`"""
_others = []
"""functions that seed the generators that the host does not know"""


def _adapt(random):
    from weakref import WeakSet

    seed, unseeded = random.Random.seed, WeakSet()

    def seed_and_remember(self, a=None, version=2):
        (unseeded.add if a is None else unseeded.discard)(self)
        seed(self, a, version)

    random.Random.seed = seed_and_remember
    _generators[:] = random, seed, unseeded


def install():
    when_imported("random", _adapt)


def _number():
    return int.from_bytes(os.urandom(8), "little")


def prepare():
    """Tell the host of the generators, right before the snapshot."""
    tempfile = sys.modules.get("tempfile")
    if tempfile is not None:
        tempfile._name_sequence = None  # made anew at its first use, from the host's numbers
    if _generators:
        from _random import Random

        random, seed, unseeded = _generators
        for generator in (random._inst, *unseeded):
            seed(generator, _number())  # also forgets what is left of a pair of numbers
            state = array("I", (id(generator), *Random.getstate(generator)))
            try:
                os.write(1, _MARK + state.tobytes())
            except OSError:  # too many, or another build of CPython
                _others.append(lambda generator=generator: seed(generator, _number()))


def reseed():
    """Seed the generators that the host does not know."""
    for seed in _others:
        seed()
