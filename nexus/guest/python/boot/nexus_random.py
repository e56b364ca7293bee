"""Gives each request its own random numbers: what was seeded before the snapshot is seeded anew."""

import os
import random
import tempfile
import weakref

_seed = random.Random.seed
_unseeded = weakref.WeakSet()
"""generators that got no seed of their own"""


def _seed_and_remember(self, a=None, version=2):
    (_unseeded.add if a is None else _unseeded.discard)(self)
    _seed(self, a, version)


def install():
    random.Random.seed = _seed_and_remember


def reseed():
    """Seed `random` and all generators without a seed of their own."""
    random.seed(int.from_bytes(os.urandom(8), "little"))
    for generator in _unseeded:
        _seed(generator, int.from_bytes(os.urandom(8), "little"))
    tempfile._name_sequence = None
