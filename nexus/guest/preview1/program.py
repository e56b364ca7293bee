"""A guest's command-line arguments and environment, built only if the guest asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import accumulate
from struct import pack

from nexus.model import Command, Handler


class Strings:
    """Strings in the layout of `args_get` and `environ_get`: NUL-terminated, one after another."""

    def __init__(self, strings: Iterable[bytes]) -> None:
        # A NUL inside would end the string early and shift every later pointer.
        kept = [string + b"\0" for string in strings if b"\0" not in string]
        self.count = len(kept)
        self.block = b"".join(kept)
        self._offsets = [0, *accumulate(map(len, kept))][:-1]

    def pointers(self, base: int) -> bytes:
        """Return the pointer table for a block that lies at address *base*."""
        return pack(f"<{self.count}I", *[base + offset for offset in self._offsets])


class Program:
    """Arguments and environment of one execution. This base class has neither."""

    @cached_property
    def arguments(self) -> Strings:
        """Return the command line, program name first."""
        return Strings(self.list_arguments())

    @cached_property
    def environment(self) -> Strings:
        """Return the environment, as `NAME=value` strings."""
        return Strings(self.list_environment())

    def list_arguments(self) -> list[bytes]:
        """Return the arguments; called once, if the guest asks."""
        return []

    def list_environment(self) -> list[bytes]:
        """Return the variables as `NAME=value`; called once, if the guest asks."""
        return []


class CommandProgram(Program):
    """A command line's own arguments and environment."""

    def __init__(self, command: Command) -> None:
        self._command = command

    def list_arguments(self) -> list[bytes]:
        return [_utf8(argument) for argument in self._command.args]

    def list_environment(self) -> list[bytes]:
        return _pairs(self._command.env)


class ContextProgram(Program):
    """The name, arguments and environment of a handler that runs for a JSON value."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    def list_arguments(self) -> list[bytes]:
        return list_arguments(self._handler)

    def list_environment(self) -> list[bytes]:
        return _pairs(self._handler.env)


def list_arguments(handler: Handler) -> list[bytes]:
    """Return the handler's name and its manifest's arguments."""
    return [_utf8(text) for text in (handler.name, *handler.args)]


def name_is_valid(name: str) -> bool:
    """Return whether a guest can read back an environment variable called *name*."""
    return bool(name) and "=" not in name


def _pairs(variables: Mapping[str, str]) -> list[bytes]:
    return [_utf8(f"{name}={value}") for name, value in variables.items() if name_is_valid(name)]


def _utf8(text: str) -> bytes:
    # Undecodable command-line arguments arrive as surrogates (PEP 383); turn them back into bytes.
    return text.encode("utf-8", "surrogateescape")
