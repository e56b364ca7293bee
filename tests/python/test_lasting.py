"""Requests write few pages: the snapshot's objects are immortal, and new ones lie side by side."""

from __future__ import annotations

import json
import struct

import pytest

from nexus.guest.preview1.errno import Refused
from nexus.guest.python.lasting import GENERATOR, IMMORTAL, MARK, MOST_GENERATORS, SetUpOutput
from nexus.plugin_api.engine import EngineInstance

from .support import Pythons

MAIN = """
import sys
import weakref

class Thing:
    def __init__(self, name):
        self.name = name

class Slotted:
    __slots__ = ("name",)

THINGS = [Thing(str(n) * 3) for n in range(50)]
SLOTTED = Slotted()
SLOTTED.name = "its name in a slot"
NESTED = {"a": {"b c": (1.5, ("deep inside", 1 << 70))}}
WEAK = weakref.WeakSet(THINGS)

def constant():
    return "a constant of a function", ("in", "a tuple", 2.5)

def fetch(request):
    if request.body:
        THINGS.clear()
        return len(WEAK)
    text, inner = constant()
    old = [THINGS, THINGS[7], THINGS[7].name, Thing, fetch, fetch.__code__, SLOTTED.name, text,
           inner, inner[1], NESTED["a"], list(NESTED["a"])[0], NESTED["a"]["b c"][1][1], sys]
    new = [bytes(30) for _ in range(60)]
    pages = {id(each) >> 12 for each in new}
    return {"counts": [sys.getrefcount(each) for each in old], "new": sys.getrefcount(new[3]),
            "pages": len(pages)}
"""


class Memory(EngineInstance):
    """An instance that only has memory."""

    def __init__(self, size: int) -> None:
        self.content = bytearray(size)

    def memory(self) -> memoryview:
        return memoryview(self.content)


def test_what_was_there_is_immortal_and_what_is_new_lies_together(python: Pythons) -> None:
    handler = python.handler(MAIN)
    for _ in range(2):
        answered = json.loads(python.fetch(handler).body)
        assert set(answered["counts"]) == {IMMORTAL}
        assert answered["new"] < 10
        assert answered["pages"] <= 4  # without the filling: 30
    assert python.fetch(handler, b"clear").body == b"50"
    assert set(json.loads(python.fetch(handler).body)["counts"]) == {IMMORTAL}


def test_only_words_of_the_guests_memory_are_marked() -> None:
    instance = Memory(16)
    output = SetUpOutput(None, 100, instance)  # type: ignore[arg-type]
    output.write(memoryview(struct.pack("<BII", MARK, 4, 12)))
    assert struct.unpack("<4I", instance.content) == (0, IMMORTAL, 0, IMMORTAL)
    output.write(memoryview(b"ENTER 1 2"))
    assert output.content == b"ENTER 1 2"
    for wrong in (struct.pack("<BI", MARK, 16), struct.pack("<BI", MARK, 2**32 - 4), b"\5abc"):
        with pytest.raises(Refused):
            output.write(memoryview(wrong))
    assert struct.unpack("<4I", instance.content) == (0, IMMORTAL, 0, IMMORTAL)


def test_only_generators_whose_state_is_known_are_kept() -> None:
    instance = Memory(4 * 2048)
    output = SetUpOutput(None, 100, instance)  # type: ignore[arg-type]
    words = list(range(1, 625))
    struct.pack_into("<625I", instance.content, 108, 624, *words)
    known = struct.pack("<B626I", GENERATOR, 100, *words, 624)
    for wrong in (
        known[:-4],
        struct.pack("<B626I", GENERATOR, 104, *words, 624),
        struct.pack("<B626I", GENERATOR, 100, *words, 623),
        struct.pack("<B626I", GENERATOR, 2**32 - 4, *words, 624),
        struct.pack("<B626I", GENERATOR, 4 * 2048 - 8, *words, 624),
    ):
        with pytest.raises(Refused):
            output.write(memoryview(wrong))
    for _ in range(MOST_GENERATORS):
        output.write(memoryview(known))
    with pytest.raises(Refused):
        output.write(memoryview(known))
    assert output.states == [108] * MOST_GENERATORS
