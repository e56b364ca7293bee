"""Gives each request its own random numbers: what was seeded before the snapshot is seeded anew."""

import os
import sys

from nexus_adapt import when_imported

_generators = []
"""`random.seed`, `Random.seed` and the generators that got no seed of their own; empty while
nothing has imported `random`"""


def _adapt(random):
    from weakref import WeakSet

    seed, unseeded = random.Random.seed, WeakSet()

    def seed_and_remember(self, a=None, version=2):
        (unseeded.add if a is None else unseeded.discard)(self)
        seed(self, a, version)

    random.Random.seed = seed_and_remember
    _generators[:] = random.seed, seed, unseeded


def install():
    when_imported("random", _adapt)


def reseed():
    """Seed `random` and all generators without a seed of their own."""
    if _generators:
        shared, seed, unseeded = _generators
        shared(int.from_bytes(os.urandom(8), "little"))
        for generator in unseeded:
            seed(generator, int.from_bytes(os.urandom(8), "little"))
    tempfile = sys.modules.get("tempfile")
    if tempfile is not None:
        tempfile._name_sequence = None
