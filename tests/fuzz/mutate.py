"""Mutations of byte strings: what bit rot, a broken tool or a hostile hand would do."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

MAX_BYTES = 1 << 16
INTERESTING = (0, 1, 0x7F, 0x80, 0xFF)


def mutate(random: Random, seed: bytes, others: Sequence[bytes], tokens: Sequence[bytes]) -> bytes:
    """Change *seed* in one to six places. *others* are spliced in, *tokens* inserted."""
    data = bytearray(seed)
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 6))):
        at = random.randint(0, len(data))
        length = min(random.choice((1, 1, 2, 4, 16, 64)), len(data) - at)
        match random.randrange(9):
            case 0 if at < len(data):
                data[at] ^= 1 << random.randrange(8)
            case 1 if at < len(data):
                data[at] = random.choice((*INTERESTING, random.randrange(256)))
            case 2:
                data[at:at] = random.randbytes(length)
            case 3:
                del data[at : at + length]
            case 4:
                data[at:at] = data[at : at + length] * random.choice((1, 2, 50))
            case 5:
                data[at : at + random.choice((0, length))] = random.choice(tokens)
            case 6:
                other = random.choice(others)
                start = random.randint(0, len(other))
                data[at : at + length] = other[start : start + random.randint(0, 64)]
            case 7:
                del data[at:]
            case _ if at < len(data):
                data[at] = (data[at] + random.choice((-1, 1))) % 256
    return bytes(data[:MAX_BYTES])
