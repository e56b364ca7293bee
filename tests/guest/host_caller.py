"""What the tests of host calls call with: guests written in Python, as easy to write as tests."""

from __future__ import annotations

import json
from typing import Any

from nexus.model import Context, Limits
from nexus.plugin_api.capabilities import SCOPES, Capabilities

from .support import Host, LocalRun, ask

ALL = Capabilities(f"{scope}:*" for scope in SCOPES)
CONTEXT = {"state": {"a": [1, "é"], "b:c": None, "secret": 5}, "args": {"x": 1}, "scope": "s"}


class Caller:
    """Puts strings into a guest's memory, calls, and reads what came back."""

    def __init__(self, host: Host) -> None:
        self.host = host

    def __call__(self, name: str, *values: str | bytes | int) -> int:
        arguments, end = [], 1024
        for value in values:
            if isinstance(value, int):
                arguments.append(value)
                continue
            content = value.encode() if isinstance(value, str) else value
            self.host.memory[end : end + len(content)] = content
            arguments += [end, len(content)]
            end += len(content)
        return self.host.nexus(name, *arguments)

    def read(self, name: str, *values: str) -> Any:
        """The JSON value that a function gives, asked for its length first; or its status."""
        length = self(name, *values, 0, 0)
        if length < 0:
            return length
        assert self(name, *values, 32768, length) == length
        return json.loads(self.host.memory[32768 : 32768 + length])


def run_with(*tokens: str, limits: Limits | None = None) -> LocalRun:
    run = LocalRun(limits or Limits())
    run.capabilities = Capabilities(tokens) if tokens else ALL
    return run


def asked(question: Any, run: LocalRun | None = None, context: Any = CONTEXT) -> Any:
    """What *question* returns when asked inside an execution with *context*."""
    return ask(
        lambda host: question(Caller(host)),
        run=run or run_with(),
        task=Context(json.dumps(context).encode()),
    )
