"""Generates programs that end: random blocks, loops, switches and calls over four locals."""

from __future__ import annotations

from hypothesis import strategies as st

LOCALS = 4
"""i32 locals a program computes with; counters of its loops follow"""
_DEPTH = 4

_BINARY = ["add", "sub", "mul", "and", "or", "xor", "shl", "shr_u", "lt_s", "eq", "gt_u"]


class Generator:
    """Draws the body of one function; `callees` are functions it may call."""

    def __init__(self, draw: st.DrawFn, callees: list[str], *, bulk: bool) -> None:
        self.draw, self.callees, self.bulk = draw, callees, bulk
        self.counters = 0
        self.labels = 0

    def choice(self, *options: str) -> str:
        return self.draw(st.sampled_from(options))

    def variable(self) -> int:
        return self.draw(st.integers(0, LOCALS - 1))

    def expression(self, depth: int = 0) -> str:
        kind = self.choice("local", "const", "binary", "load", "select", "call")
        if kind == "const" or depth == 2:
            return f"(i32.const {self.draw(st.integers(-9, 9))})"
        inner = [self.expression(depth + 1) for _ in range(2)]
        if kind == "binary":
            return f"(i32.{self.choice(*_BINARY)} {inner[0]} {inner[1]})"
        if kind == "load":
            return f"(i32.load16_u offset=3 (i32.and {inner[0]} (i32.const 255)))"
        if kind == "select":
            return f"(select {inner[0]} {inner[1]} (local.get {self.variable()}))"
        if kind == "call" and self.callees:
            return f"(call ${self.choice(*self.callees)} {inner[0]} {inner[1]})"
        return f"(local.get {self.variable()})"

    def statements(self, labels: tuple[str, ...], depth: int) -> str:
        count = self.draw(st.integers(1, 4))
        return " ".join(self.statement(labels, depth) for _ in range(count))

    def statement(self, labels: tuple[str, ...], depth: int) -> str:
        simple = ("set", "set", "store", "fill", "leave", "return")
        nested = ("block", "if", "loop", "switch", "params", "long") if depth < _DEPTH else ()
        kind = self.choice(*simple, *nested)
        if kind == "store":
            address = f"(i32.and {self.expression()} (i32.const 255))"
            return f"(i32.store {address} {self.expression()})"
        if kind == "fill" and self.bulk:
            length = f"(i32.and {self.expression()} (i32.const 127))"
            return f"(memory.fill (i32.const 9) {self.expression()} {length})"
        if kind == "leave" and labels:
            return f"(br_if {self.choice(*labels)} {self.expression()})"
        if kind == "return":
            condition = f"(i32.eq {self.expression()} {self.expression()})"
            return f"(if {condition} (then (return {self.expression()})))"
        if kind in nested:
            return str(getattr(self, f"_{kind}")(labels, depth + 1))
        return f"(local.set {self.variable()} {self.expression()})"

    def _label(self) -> str:
        self.labels += 1
        return f"$l{self.labels}"

    def _block(self, labels: tuple[str, ...], depth: int) -> str:
        label = self._label()
        return f"(block {label} {self.statements((*labels, label), depth)})"

    def _long(self, labels: tuple[str, ...], depth: int) -> str:
        inside = "(local.set 0 (i32.add (local.get 0) (i32.const 3)))" * 12
        return f"(if {self.expression()} (then {inside}{self.statements(labels, depth)}))"

    def _if(self, labels: tuple[str, ...], depth: int) -> str:
        arms = [self.statements(labels, depth) for _ in range(2)]
        return f"(if {self.expression()} (then {arms[0]}) (else {arms[1]}))"

    def _counter(self) -> tuple[int, str]:
        index = LOCALS + self.counters
        self.counters += 1
        below = f"(i32.lt_s (local.get {index}) (i32.const {self.draw(st.integers(1, 4))}))"
        count = f"(local.set {index} (i32.add (local.get {index}) (i32.const 1)))"
        return index, f"{count} {below}"

    def _loop(self, labels: tuple[str, ...], depth: int) -> str:
        """A counter bounds the rounds; a branch back from inside counts as well."""
        label = self._label()
        index, test = self._counter()
        # A label of the loop itself is not offered: only the counted branch goes back.
        inside = self.statements(labels, depth)
        return f"(local.set {index} (i32.const 0)) (loop {label} {inside} {test} (br_if {label}))"

    def _params(self, labels: tuple[str, ...], depth: int) -> str:
        """A loop whose parameters lie on the stack under the check."""
        label = self._label()
        index, test = self._counter()
        return f"""(local.set {index} (i32.const 0)) {self.expression()} (i64.const 5)
          (loop {label} (param i32 i64) (result i32)
            (i32.wrap_i64) (i32.add) {self.statements(labels, depth)} (i64.const 2)
            {test} (br_if {label}) (drop))
          (local.set {self.variable()})"""

    def _switch(self, labels: tuple[str, ...], depth: int) -> str:
        names = [self._label() for _ in range(self.draw(st.integers(1, 4)))]
        targets = [self.choice(*names, *labels) for _ in range(self.draw(st.integers(1, 6)))]
        code = f"(br_table {' '.join(targets)} {self.expression()})"
        for at, name in enumerate(names):
            outer = (*labels, *names[at + 1 :])
            code = f"(block {name} {code}) {self.statements(outer, depth)}"
        return code


@st.composite
def programs(draw: st.DrawFn, *, bulk: bool = True) -> str:
    """A module with memory and an export `run` (i32, i32) -> i32, which may call the others."""
    functions: list[str] = []
    names: list[str] = []
    for n in range(draw(st.integers(1, 3))):
        generator = Generator(draw, list(names), bulk=bulk)
        body = generator.statements((), 0)
        locals = "i32 " * (LOCALS - 2 + generator.counters)
        functions.append(
            f"""(func $f{n} (param i32 i32) (result i32) (local {locals})
              {body} (i32.add (local.get 0) (local.get 2)))"""
        )
        names.append(f"f{n}")
    return f"""(module (memory (export "memory") 1) {" ".join(functions)}
      (export "run" (func ${names[-1]})))"""
