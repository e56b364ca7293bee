"""Runs every guest on threads with stacks of given sizes, through the pool's own code:
`python -m tests.stack.child ENGINE COMPILER STACK_BYTES...`. One JSON line per size and guest."""

from __future__ import annotations

import json
import sys
import threading

from nexus.engines.traps import STACK
from nexus.errors import NexusError
from nexus.guest.json_text import MAX_DEPTH, parse_json, to_json
from nexus.pool.linked import LinkedModule
from tests import support

from .guests import GUESTS, text

HOST_FRAMES = 20
"""how deep the host function goes by itself"""
DEEP_JSON = b'[{"a":' * (MAX_DEPTH // 2) + b"1" + b"}]" * (MAX_DEPTH // 2)
"""what a guest may have it read there"""


DEEPEST = 100
"""in so many of a run's host calls there is that work to do: in the last"""


def deep(frames: int = HOST_FRAMES) -> int:
    """Use the stack as a host function with some work to do, and read JSON at its end."""
    if not frames:
        return len(json.dumps({"frames": HOST_FRAMES})) + len(to_json(parse_json(DEEP_JSON)))
    return 1 + deep(frames - 1)


class Host:
    """What guests call on their way down, thousands of times: the last calls are the deepest, and
    what finds room there finds it anywhere. A first run counts the calls, and has no such work."""

    def __init__(self) -> None:
        self._calls = 0
        self._counted: int | None = None

    def call(self) -> None:
        self._calls += 1
        if self._counted is not None and self._calls > self._counted - DEEPEST:
            deep()

    def end_run(self) -> None:
        counted = self._calls if self._counted is None else self._counted
        assert self._calls == counted, "a run goes as deep as the one before"
        self._counted, self._calls = counted, 0


def attempt(name: str, engine: str, compiler: str) -> str:
    """How the guest ended, when it ran thrice."""
    compiled = support.build(support.engine(engine, compiler), text(name))
    host = Host()
    linked = LinkedModule(
        support.engine(engine, compiler), lambda _: support.Probe(host.call), compiled
    )
    codes = set()
    for _ in range(3):
        run = support.run()
        try:
            instance = linked.instantiate(run)
            linked.enter(run, instance)
            try:
                instance.call("f")
            finally:
                linked.leave(run)
        except NexusError as error:
            codes.add(error.code if run.stopped is None else run.stopped.code)
            if run.stopped is None and str(error) == STACK:
                codes.add("by the end of the native stack")
        else:
            codes.add("it ended by itself")
        host.end_run()
    return " ".join(sorted(codes))


def main() -> None:
    engine, compiler, *sizes = sys.argv[1:]

    def work(size: str) -> None:
        for name in GUESTS:
            print(json.dumps([size, name, attempt(name, engine, compiler)]), flush=True)

    for name in GUESTS:  # compiling takes more stack than running
        support.build(support.engine(engine, compiler), text(name))
    for size in sizes:
        threading.stack_size(int(size))
        thread = threading.Thread(target=work, args=(size,))
        thread.start()
        thread.join()


if __name__ == "__main__":
    main()
