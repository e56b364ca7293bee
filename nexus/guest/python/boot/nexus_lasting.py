"""Prepares the heap for requests, before the snapshot, so that they write few of its pages: a reset
puts back each page that a request wrote.

A request touches some thousand of the objects that were there before it, all over the heap, and
each change of a reference count would write a page. CPython leaves the counts of immortal objects
alone (PEP 683). Python code cannot set a count, so the host does, at the addresses written here.
"""

import gc
import os
import sys
import types
from array import array
from itertools import compress, filterfalse

_IMMORTAL = 0x3FFFFFFF
"""the count of immortal objects in CPython 3.12 on 32-bit machines"""
_MARK = b"\5"
"""the first byte of a message with addresses; `nexus/guest/python/lasting.py` reads it"""
_AT_ONCE = 1000
_INNER = frozenset({tuple, dict, types.CodeType})
"""types of objects that hold others, even where the collector does not know them"""

_held = []
"""objects that fill the holes of the heap"""
_LARGEST, _SMALLEST = 1 << 20, 24
"""sizes of holes that bytes objects fill"""
_HEAD = 22
"""what a bytes object takes besides its content, with the allocator's own word"""


def make_immortal():
    """Mark all objects that live now. One that dies later stays in memory."""
    if sys.getrefcount(None) != _IMMORTAL:  # CPython 3.11 has no immortal objects
        return
    objects = gc.get_objects()
    for start in range(0, len(objects), _AT_ONCE):
        some = objects[start : start + _AT_ONCE]
        _mark(some)
        _mark_inner(some)


def _mark(objects):
    os.write(1, _MARK + array("I", map(id, objects)).tobytes())


def _mark_inner(objects):
    """Mark what *objects* refer to, and what that refers to if the collector does not know it."""
    while objects:
        found = gc.get_referents(*objects)
        for each in _of(objects, {dict}):
            found += each  # its keys, which the collector passes over if they are strings
        for each in _of(objects, {types.CodeType}):
            found += each.co_consts
            found.append(each.co_qualname)
        _mark(found)
        inner = {id(each): each for each in _of(found, _INNER)}
        objects = list(filterfalse(gc.is_tracked, inner.values()))


def _of(objects, kinds):
    """Return those of *objects* whose type is in *kinds*; no Python code runs for each of them."""
    return compress(objects, map(kinds.__contains__, map(type, objects)))


def fill_holes(headroom):
    """Fill the holes of the heap, so that new objects lie side by side behind its end, where
    *headroom* bytes are free.

    The allocator would reuse the holes first: 40 small objects wrote 30 pages.
    """
    end = max(map(id, gc.get_objects()))
    size = _LARGEST
    while size >= _SMALLEST:
        while id(made := bytes(size - _HEAD)) < end:
            _held.append(made)
        size -= 8 if size <= 512 else size >> 3 & ~7
    while id(made := object()) < end:
        _held.append(made)
    bytearray(headroom)  # freed at once: later requests need not grow the memory
