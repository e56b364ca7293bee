"""Calls of the host: state, events, view commands, extensions and the log.

The handler's manifest grants all but the log. Each call is a message to the host; see
`nexus/guest/host/messages.py` and `nexus/guest/python/channel.py` for its form.
"""

import json
import os
import struct
import sys
import types
from collections.abc import Awaitable, MutableMapping

from nexus_json import encode

_HEAD = struct.Struct("<bI")
_LATER, _OK, _NOT_FOUND, _DENIED, _INVALID, _UNAVAILABLE, _FAILED = 1, 0, -1, -2, -3, -4, -7

waiting = {}
"""futures of extension calls whose answers come later, by the numbers that the host gave them"""


class PermissionDenied(PermissionError):
    """The handler's manifest does not grant the call."""


class NotAvailable(RuntimeError):
    """An HTTP request has no state, events or views; an execution with a JSON context has them."""


class ExtensionError(Exception):
    """The extension answered with an error."""


class Waits:
    """Stands for a result while the handler waits for extensions' answers."""

    def __init__(self, wake_s):
        self.wake_s = wake_s
        """seconds until its next timer is due; None: it has no timer"""


def awaitable(value):
    """Return whether *value* can be awaited, as `inspect.isawaitable` does."""
    is_generator = type(value) is types.GeneratorType
    return isinstance(value, Awaitable) or (is_generator and bool(value.gi_code.co_flags & 0x100))


def error_of(status):
    """Return the exception for a status below zero."""
    return _ERRORS.get(status, RuntimeError)


_ERRORS = {_DENIED: PermissionDenied, _INVALID: ValueError, _UNAVAILABLE: NotAvailable}
for _shown in (PermissionDenied, NotAvailable, ExtensionError):
    _shown.__module__ = "nexus"


def _ask(words, value=b""):
    """Send a message; return the status and the answer's value."""
    for word in words:
        if not isinstance(word, str):
            raise TypeError(f"a name is a str, not {type(word).__name__}: {word!r:.80}")
    status, content = ask_raw(words, value)
    return status, json.loads(content)


def ask_raw(words, value=b""):
    """Send a call; return the status and the answer as bytes."""
    return exchange(b"\0" + json.dumps(words).encode() + b"\n" + value)


def exchange(message):
    """Send a message of any kind; return the status and the answer as bytes."""
    os.write(1, message)
    answer = os.read(0, 1 << 16)
    status, size = _HEAD.unpack_from(answer)
    content = answer[_HEAD.size :]
    while len(content) < size:
        content += os.read(0, size - len(content))
    return status, content


def _call(words, value=b""):
    status, answer = _ask(words, value)
    if status == _OK:
        return answer
    if status == _NOT_FOUND:
        raise KeyError(words[1])
    raise error_of(status)(answer)


def _dumps(value):
    return encode(value).encode()


class State(MutableMapping):
    """The state in the context, overlaid with this execution's own writes.

    Values are copies: set a changed value again to keep the change.
    """

    def __getitem__(self, key):
        return _call(["state_get", key])

    def __setitem__(self, key, value):
        _call(["state_set", key], _dumps(value))

    def __delitem__(self, key):
        _call(["state_delete", key])  # no error for an absent key: it would tell that it is absent

    def __contains__(self, key):
        return _call(["state_has", key])

    def __iter__(self):
        return iter(_call(["state_keys"]))

    def __len__(self):
        return len(_call(["state_keys"]))

    def __repr__(self):
        return "nexus.state"


def emit(name, payload=None):
    """Add an event to the execution's result."""
    _call(["emit", name], _dumps(payload))


class View:
    """View commands: `view.set_filter(id, argument)`, `scroll_to`, `focus` and `custom`."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        first, *others = name.split("_")
        command = first + "".join(map(str.capitalize, others))
        return lambda id, argument=None: _call(["view", command, id], _dumps(argument))


class _Named:
    """Makes something of each attribute's name."""

    def __init__(self, make):
        self._make = make

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self._make(name)


def _extension(name):
    return _Named(lambda method: lambda argument=None: _ask_extension(name, method, argument))


def _ask_extension(name, method, argument):
    """Call an extension. Return its answer, or inside a running event loop a future of it."""
    events = sys.modules.get("asyncio.events")
    loop = events._get_running_loop() if events else None
    if loop is None:
        return _answer(*_ask(["ext_call", name, method], _dumps(argument)))
    future = loop.create_future()
    try:
        status, answer = _ask(["ext_call", name, method], _dumps(argument))
        if status == _LATER:
            waiting[answer] = future
        else:
            future.set_result(_answer(status, answer))
    except Exception as error:
        future.set_exception(error)
    return future


def _answer(status, answer):
    if status == _OK:
        return answer
    if status == _FAILED:
        raise ExtensionError(answer if isinstance(answer, str) else json.dumps(answer))
    raise error_of(status)(answer)


def answered(number, ok, value):
    """Give the call of this number its answer."""
    future = waiting.pop(number)
    if future.done():  # cancelled meanwhile, as by a timeout
        return
    try:
        future.set_result(_answer(_OK if ok else _FAILED, value))
    except ExtensionError as error:
        future.set_exception(error)


_MARKS = {"debug": "<7>", "info": "", "warning": "<4>", "warn": "<4>", "error": "<3>"}


class Log:
    """`log(...)` and `log.info(...)` and others: write to the handler's log, with a level."""

    def __call__(self, *values):
        print(*values)

    def __getattr__(self, level):
        if level not in _MARKS:
            raise AttributeError(f"the log has no level {level!r}, but {', '.join(_MARKS)}")
        mark = _MARKS[level]
        return lambda *values: sys.stdout.marked(mark, " ".join(map(str, values)) + "\n")


state, view, ext, log = State(), View(), _Named(_extension), Log()
