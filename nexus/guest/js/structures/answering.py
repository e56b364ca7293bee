"""Adds a function to QuickJS that answers a request in one call from the host.

It makes strings of the request's parts, passes them to `respond` of `bootstrap.js`, and passes what
that returns to `finish`, whose answer it returns. Each of these calls from outside would cost 1 to
4 µs. The function calls only what `FUNCTIONS` of `runtime.py` names, and does nothing that the host
could not do call by call; so the handler sees the same order of things:

    strings = [JS_NewStringLen(context, text) for text in texts]
    value = JS_Call(respond, [*strings, *values])
    if jobs are queued: JS_Call(finish_later, [value]), and return 0    # they come first
    state = JS_PromiseState(value)
    if state is pending or rejected: the same
    if state is fulfilled: value = JS_PromiseResult(value)              # or the value is no promise
    answer = JS_Call(finish, [value])
    return 0 if answer is undefined else JS_ToCStringLen2(answer)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from nexus.wasm.format import sections
from nexus.wasm.format.leb128 import encode_unsigned
from nexus.wasm.format.name_section import find_functions
from nexus.wasm.format.reader import Reader

ANSWER: Final = "js_answer"
"""The name of the function's export. Its parameters: context, scratch area, list of jobs, the
functions `respond`, `finish` and `finish_later`, the number of texts, the number of all arguments.
Results: the address of the answer, whose length is at the start of the scratch area; or one of:"""
WAITS: Final = 0
"""the answer is not there yet"""
THREW: Final = 1
"""QuickJS has a pending exception"""
NO_TEXT: Final = 2
"""the answer cannot be made a string"""

MOST_ARGUMENTS: Final = 16
TABLE: Final = 8 * MOST_ARGUMENTS
"""where in the scratch area the texts' addresses and lengths are; the arguments come before them"""

_CALLED: Final = (
    "JS_NewStringLen",
    "JS_Call",
    "JS_PromiseState",
    "JS_PromiseResult",
    "JS_ToCStringLen2",
)
_I32, _I64 = 0x7F, 0x7E
_TYPE: Final = bytes((0x60, 8, *[_I32] * 3, *[_I64] * 3, *[_I32] * 2, 1, _I32))
_CONTEXT, _SCRATCH, _JOBS, _RESPOND, _FINISH, _LATER, _TEXTS, _COUNT, _AT, _STATE, _VALUE = range(
    11
)
_LOCALS: Final = bytes((2, 2, _I32, 1, _I64))  # _AT and _STATE, _VALUE

_VOID, _BLOCK, _LOOP, _IF, _END, _RETURN = 0x40, 0x02, 0x03, 0x04, 0x0B, 0x0F
_UNDEFINED: Final = b"\x42\x80\x80\x80\x80\x30"  # i64.const 3 << 32
_EXCEPTION_TAG: Final = 6
_FULFILLED: Final = 1


def with_answering(runtime: bytes) -> bytes:
    """Return *runtime* with the export `ANSWER`.

    Raises: InvalidModule if the module lacks what the function calls.
    """
    called = find_functions(runtime, _CALLED)
    found = {section.id: section for section in sections.split(runtime)}

    def reader(section: int) -> Reader:
        return Reader(runtime, found[section].payload, found[section].end, sections.NAMES[section])

    type_index = reader(sections.TYPE).u32()
    function = _imported(reader(sections.IMPORT)) + reader(sections.FUNCTION).u32()
    name = ANSWER.encode()
    code = _LOCALS + _body(called)
    added = {
        sections.TYPE: _TYPE,
        sections.FUNCTION: encode_unsigned(type_index),
        sections.EXPORT: b"%c%b\x00%b" % (len(name), name, encode_unsigned(function)),
        sections.CODE: encode_unsigned(len(code)) + code,
    }
    parts = []
    for section in sections.split(runtime):
        if section.id in added:
            old = reader(section.id)
            count = encode_unsigned(old.u32() + 1)
            payload = count + runtime[old.pos : section.end] + added[section.id]
            parts.append(sections.encode(section.id, payload))
        else:
            parts.append(runtime[section.start : section.end])
    return sections.join(parts)


def _imported(reader: Reader) -> int:
    """Return the number of imports, which all are functions in what Nexus runs."""
    return reader.u32()


def _body(called: Mapping[str, int]) -> bytes:
    """Return the code; in comments, what the lines do in the words of this file's head."""

    def call(name: str) -> bytes:
        return b"\x10" + encode_unsigned(called[name])

    def checked() -> bytes:  # return THREW if _VALUE is an exception
        tag = _get(_VALUE) + b"\x42\x20\x88\xa7"  # i64.const 32; i64.shr_u; i32.wrap_i64
        return tag + _const(_EXCEPTION_TAG) + b"\x46" + _if(_const(THREW), (_RETURN,))

    def call_js(function: int, count: bytes) -> bytes:
        arguments = _get(_CONTEXT) + _get(function) + _UNDEFINED + count + _get(_SCRATCH)
        return arguments + call("JS_Call") + _set(_VALUE) + checked()

    store = _get(_SCRATCH) + _get(_VALUE) + b"\x37\x03\x00"  # i64.store
    later = store + call_js(_LATER, _const(1)) + _const(WAITS) + bytes((_RETURN,))
    # _AT counts in bytes: the place of an argument, and that of its text in the table
    make_string = (
        _get(_CONTEXT)
        + _entry(0)
        + _entry(4)
        + call("JS_NewStringLen")
        + _set(_VALUE)
        + checked()
        + (_get(_SCRATCH) + _get(_AT) + b"\x6a" + _get(_VALUE) + b"\x37\x03\x00")
        + (_get(_AT) + _const(8) + b"\x6a\x21" + bytes((_AT,)))
    )
    is_left = _get(_AT) + _get(_TEXTS) + _const(3) + b"\x74\x49"  # i32.shl; i32.lt_u
    return b"".join(
        (
            bytes((_LOOP, _VOID)) + is_left,
            _if(make_string, b"\x0c\x01"),  # br to the loop
            bytes((_END,)),
            call_js(_RESPOND, _get(_COUNT)),
            # The head of an empty list points to itself.
            (_get(_JOBS) + b"\x28\x02\x00" + _get(_JOBS) + b"\x47" + _if(later)),
            (_get(_CONTEXT) + _get(_VALUE) + call("JS_PromiseState") + b"\x22" + bytes((_STATE,))),
            (_const(_FULFILLED) + b"\x46"),
            _if(_get(_CONTEXT) + _get(_VALUE) + call("JS_PromiseResult") + _set(_VALUE)),
            # Signed: no promise is -1; 0 and 2 are pending and rejected.
            (_get(_STATE) + _const(0) + b"\x4e" + _get(_STATE) + _const(_FULFILLED) + b"\x47\x71"),
            _if(later),
            store + call_js(_FINISH, _const(1)),
            (_get(_VALUE) + _UNDEFINED + b"\x51" + _if(_const(WAITS), (_RETURN,))),
            (_get(_CONTEXT) + _get(_SCRATCH) + _get(_VALUE) + _const(0) + call("JS_ToCStringLen2")),
            (b"\x22" + bytes((_AT,)) + _const(NO_TEXT) + _get(_AT) + b"\x1b"),  # select
            bytes((_END,)),
        )
    )


def _entry(field: int) -> bytes:
    """Return code that loads a *field* of the table's entry for _AT."""
    return _get(_SCRATCH) + _get(_AT) + b"\x6a\x28\x02" + encode_unsigned(TABLE + field)


def _get(local: int) -> bytes:
    return bytes((0x20, local))


def _set(local: int) -> bytes:
    return bytes((0x21, local))


def _const(value: int) -> bytes:
    """Return code for a small number of 32 bits."""
    assert 0 <= value < 64
    return bytes((0x41, value))


def _if(then: bytes, last: bytes | Sequence[int] = b"") -> bytes:
    return bytes((_IF, _VOID)) + then + bytes(last) + bytes((_END,))
