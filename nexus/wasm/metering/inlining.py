"""Copies a small recursive function into itself, in place of its own calls.

Such functions do little beside a call, a check and the counting of depth. With some levels of calls
unfolded, most calls disappear, and the engine's compiler can optimise the checks and counts left.
Engines do not do this themselves: wasmer and wasmtime compile each function on its own. By
`python -m bench.metering` binary trees take 0.75 of their unmetered time, before this 1.3, and
Fibonacci 1.02, before this 1.35.

The copied body is metered already, so charges, checks and counts stay the same: a copy is one frame
for the depth, though it makes none. Its locals follow the function's own; all copies use the same
locals, as no copy is inside another. A `return` in it becomes a branch to its block.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from nexus.model import FuncType
from nexus.wasm.format.instructions import Instruction, instructions
from nexus.wasm.format.leb128 import encode_unsigned, read_u32
from nexus.wasm.format.types import EMPTY_BLOCK, VALUE_TYPES
from nexus.wasm.metering.spills import ZEROS

MOST_BYTES = 1200
"""Limit on a body with its copies"""
MOST_LOCALS = 100
"""Limit for a function that is copied, parameters included: each copy sets all locals"""
MOST_UNFOLDED = 1 << 18
"""Limit on the bytes of such bodies in one module, as making and compiling them takes time"""

_OPENING = range(0x02, 0x05)  # block loop if
_BLOCK, _BR, _SET, _END = b"\x02", b"\x0c", b"\x21", 0x0B
_RETURN, _CALL = 0x0F, 0x10
_LOCALS = range(0x20, 0x23)
_BYTES = {name: byte for byte, name in VALUE_TYPES.items()}
_ZEROS = {
    **ZEROS,
    "funcref": b"\xd0\x70",
    "externref": b"\xd0\x6f",
}


def unfold(body: bytes, function: int, signature: FuncType) -> bytes:
    """Return the *body* of *function* with the body itself in place of its calls of *function*.

    This is repeated while the result stays within `MOST_BYTES`, so maybe never; a function with
    several results or many locals is not unfolded. *body* must be well-formed.
    """
    if len(signature.results) > 1:
        return body
    while len(body) <= MOST_BYTES // 2:
        unfolded = _unfold_once(body, function, signature)
        if unfolded is None or len(unfolded) > MOST_BYTES:
            break
        body = unfolded
    return body


def _unfold_once(body: bytes, function: int, signature: FuncType) -> bytes | None:
    """Return the body with copies in it, or None if it has too many locals."""
    declared, start = _read_locals(body)
    if len(signature.params) + len(declared) > MOST_LOCALS:
        return None
    code = list(instructions(body, start, len(body)))
    calls = [
        place
        for place, found in enumerate(code)
        if found.opcode == _CALL and read_u32(body, found.start + 1)[0] == function
    ]
    copy = _copy(body, code, signature, declared)
    parts = [_declare([*declared, *signature.params, *declared])]
    for call in calls:
        parts += (body[start : code[call].start], copy)
        start = code[call].end
    return b"".join((*parts, body[start:]))


def _copy(
    body: bytes, code: Sequence[Instruction], signature: FuncType, declared: Sequence[str]
) -> bytes:
    """Return code that takes the arguments from the stack and leaves the result there."""
    parameters = len(signature.params)
    first = parameters + len(declared)
    """index of the copy's first local"""
    parts = [_SET + encode_unsigned(first + place) for place in reversed(range(parameters))]
    for place, type_ in enumerate(declared, first + parameters):
        parts.append(_ZEROS[type_] + _SET + encode_unsigned(place))
    result = _BYTES[signature.results[0]] if signature.results else EMPTY_BLOCK
    parts += (_BLOCK, bytes((result,)))
    depth = 0
    for opcode, start, end in code:
        text = body[start:end]
        if opcode in _LOCALS:
            text = body[start : start + 1] + encode_unsigned(first + read_u32(body, start + 1)[0])
        elif opcode == _RETURN:
            text = _BR + encode_unsigned(depth)
        elif opcode in _OPENING:
            depth += 1
        elif opcode == _END:
            depth -= 1
        parts.append(text)
    return b"".join(parts)


def _read_locals(body: bytes) -> tuple[list[str], int]:
    """Return the types of the locals that *body* declares, and where its code starts."""
    runs, at = read_u32(body, 0)
    types: list[str] = []
    for _ in range(runs):
        count, at = read_u32(body, at)
        types += [VALUE_TYPES[body[at]]] * count
        at += 1
    return types, at


def _declare(types: Sequence[str]) -> bytes:
    runs = [(len(list(same)), _BYTES[type_]) for type_, same in groupby(types)]
    parts = [encode_unsigned(count) + bytes((type_,)) for count, type_ in runs]
    return encode_unsigned(len(parts)) + b"".join(parts)
