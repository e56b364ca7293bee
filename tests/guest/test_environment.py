from __future__ import annotations

import pytest

from nexus.guest.preview1 import errno
from nexus.model import Command, Context

from .support import Host, ask, handler, perform


def read_strings(host: Host, kind: str) -> list[bytes]:
    """Read as a C library does."""
    assert getattr(host, f"{kind}_sizes_get")(0, 4) == errno.SUCCESS
    count, size = host.u32(0), host.u32(4)
    block = 8192
    assert getattr(host, f"{kind}_get")(64, block) == errno.SUCCESS
    strings = []
    for index in range(count):
        start = host.u32(64 + 4 * index)
        strings.append(bytes(host.memory[start : host.memory.index(b"\0", start)]))
    assert sum(map(len, strings)) + count == size
    return strings


def command(*args: str, **env: str) -> Command:
    return Command(args, env, lambda _: b"", lambda _: None, lambda _: None)


def strings_of(task: Command) -> tuple[list[bytes], list[bytes]]:
    found: list[list[bytes]] = []
    perform(
        lambda host: found.extend(read_strings(host, kind) for kind in ("args", "environ")), task
    )
    return found[0], found[1]


def test_a_commands_own() -> None:
    task = command("tool", "", "grüße", HOME="/", EMPTY="")
    assert strings_of(task) == ([b"tool", b"", "grüße".encode()], [b"HOME=/", b"EMPTY="])


def test_none_at_all() -> None:
    assert strings_of(command()) == ([], [])


def test_what_a_guest_could_not_tell_apart_is_left_out() -> None:
    env = {"": "1", "X=Y": "2", "Z": "3\0"}
    task = Command(("a\0b", "c"), env, lambda _: b"", lambda _: None, lambda _: None)
    assert strings_of(task) == ([b"c"], [])


def test_undecodable_arguments_come_through() -> None:
    assert strings_of(command("caf\udce9"))[0] == [b"caf\xe9"]


def test_a_context_has_the_handlers() -> None:
    options = {"task": Context(b"{}"), "handler_": handler(name="rule", env={"MODE": "ü"})}
    assert ask(lambda host: read_strings(host, "args"), **options) == [b"rule"]
    assert ask(lambda host: read_strings(host, "environ"), **options) == ["MODE=ü".encode()]


def test_nothing_leaks_into_the_next_request() -> None:
    first, second = handler(env={"SECRET": "1"}), handler(env={"OTHER": "2"})
    assert ask(lambda host: read_strings(host, "environ"), handler_=first) == [b"SECRET=1"]
    assert ask(lambda host: read_strings(host, "environ"), handler_=second) == [b"OTHER=2"]


@pytest.mark.parametrize("kind", ["args", "environ"])
def test_pointers_outside_memory(kind: str) -> None:
    def question(host: Host) -> list[int]:
        sizes, get = getattr(host, f"{kind}_sizes_get"), getattr(host, f"{kind}_get")
        return [sizes(-1, 0), sizes(0, -4), get(0, -1), get(-1, 0)]

    assert ask(question, handler_=handler(env={"A": "B"})) == [errno.FAULT] * 4
