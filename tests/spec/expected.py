"""What the suite expects of an outcome."""

from __future__ import annotations

from typing import Any

from .trampoline import flatten

_EXPECTED_END = {
    "assert_return": "returned",
    "action": "returned",
    "assert_trap": "trapped",
    "assert_exhaustion": "trapped",
    "assert_uninstantiable": "trapped",
    "assert_unlinkable": "not accepted",
}
_FLOATS = {"f32": (32, 23), "f64": (64, 52)}


def matches(command: dict[str, Any], outcome: tuple[Any, ...]) -> bool:
    """Tell whether *outcome* is what the suite says."""
    if outcome[0] == "global":
        return True  # compared between the worlds only: bindings give it as Python's number
    if outcome[0] != _EXPECTED_END[command["type"]]:
        return False
    if command["type"] != "assert_return":
        return True
    given = list(outcome[1])
    return all(_value_matches(value, given) for value in command["expected"]) and not given


def _value_matches(expected: dict[str, Any], given: list[int]) -> bool:
    """Take the integers of one result from the front of *given* and compare them."""
    kind = expected["type"]
    if kind == "either":
        tries = [(list(given), option) for option in expected["values"]]
        found = [rest for rest, option in tries if _value_matches(option, rest)]
        given[:] = found[0] if found else given
        return bool(found)
    if kind == "v128":
        bits = sum((given.pop(0) & (1 << 64) - 1) << at for at in (0, 64))
        return _lanes_match(expected["lane_type"], expected["value"], bits)
    found_bits = given.pop(0)
    if kind in ("i32", "i64"):
        return (found_bits,) == flatten(expected)
    if kind in _FLOATS:
        return _float_matches(kind, expected["value"], found_bits)
    return found_bits == int(expected.get("value") == "null")  # a reference


def _lanes_match(lane: str, expected: list[str], bits: int) -> bool:
    width = 128 // len(expected)
    mask = (1 << width) - 1
    lanes = [bits >> at * width & mask for at in range(len(expected))]
    if lane in _FLOATS:
        return all(_float_matches(lane, e, f) for e, f in zip(expected, lanes, strict=True))
    return [int(value) & mask for value in expected] == lanes


def _float_matches(kind: str, expected: str, found: int) -> bool:
    width, mantissa = _FLOATS[kind]
    found &= (1 << width) - 1
    if not expected.startswith("nan:"):
        return int(expected) & (1 << width) - 1 == found
    magnitude = found & (1 << (width - 1)) - 1
    quiet = ((1 << (width - mantissa)) - 1) << (mantissa - 1)
    if expected == "nan:canonical":
        return magnitude == quiet
    return magnitude & quiet == quiet  # nan:arithmetic
