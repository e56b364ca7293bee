"""A mounted folder of settings: one file for each, as Kubernetes mounts ConfigMaps and Secrets.

A file is named after the setting or its environment variable; its text is read like the variable's.
Names that begin with a dot are not settings: Kubernetes keeps the files in `..data`, links the
other names to them, and swaps the folder as a whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from nexus.config.layers import PREFIX, from_environ
from nexus.config.plugin_tables import single
from nexus.config.settings import Settings
from nexus.model.file_state import file_state
from nexus.plugin_api.config_source import Closer, PartlyWrong
from nexus.plugin_api.problems import suggestion
from nexus.plugin_api.ticker import TICKER

POLL_S = 0.2
"""Seconds between two looks; a change counts once two looks agree, so a half-written file does not.
A mounted ConfigMap sends no reliable events; a look at 50 files takes 0.2 ms"""
MAX_BYTES = 64 << 10
_TRIES = 5
_DATA = "..data"

_State: TypeAlias = "tuple[object, ...]"


class FolderSource:
    """The settings in the folder at *path*."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = f"folder {path}"

    def read(self) -> Mapping[str, object]:
        """Return the files' texts, all of one state of the folder: never half of a swap.

        Raises: ValueError, with a line for each problem; the missing folder is one, too.
        """
        for _ in range(_TRIES):
            try:
                before = _state(self.path)
                texts, problems = self._texts()
                if _state(self.path) != before:
                    continue
            except OSError as error:
                raise ValueError(f"cannot be read: {error.strerror}") from error
            values = from_environ(texts).values
            if problems:
                raise PartlyWrong(problems, values)
            return values
        raise ValueError("changes each time it is read")

    def _texts(self) -> tuple[dict[str, str], list[str]]:
        """Return the files' texts by environment variable, and the problems."""
        texts: dict[str, str] = {}
        problems: list[str] = []
        for name in _names(self.path):
            try:
                variable = _variable(name)
                if variable in texts:
                    raise ValueError("another file of this folder gives the same setting")
                texts[variable] = _text(self.path / name)
            except ValueError as error:
                problems.append(f"{name}: {error}")
        return texts, problems

    def watch(self, changed: Callable[[], None]) -> Closer:
        """Look every `POLL_S`; a change counts once two looks agree."""
        watch = _Watch(self.path, changed)
        return TICKER.every(POLL_S, watch.look)


class _Watch:
    def __init__(self, path: Path, changed: Callable[[], None]) -> None:
        self._path, self._changed = path, changed
        self._seen = self._reported = self._state()

    def look(self) -> None:
        """Call *changed* if the folder differs from the last reported state."""
        state = self._state()
        if state == self._seen and state != self._reported:
            self._reported = state
            self._changed()
        self._seen = state

    def _state(self) -> _State:
        try:
            return _state(self._path)
        except OSError as error:  # a missing folder is a change, too: its reader reports it
            return (error.errno,)


def _names(folder: Path) -> Iterator[str]:
    for name in sorted(os.listdir(folder)):
        # When Kubernetes deletes a key, a link without a target exists for a moment.
        if not name.startswith(".") and os.path.isfile(folder / name):
            yield name


def _state(folder: Path) -> _State:
    """Return a value that differs whenever something in *folder* has changed."""
    files = tuple((name, file_state(folder / name)) for name in _names(folder))
    return os.path.realpath(folder / _DATA), files


def _variable(name: str) -> str:
    """Return the environment variable that a file's name stands for. Raises: ValueError."""
    if name in Settings.model_fields:
        return PREFIX + name.upper()
    setting = name.removeprefix(PREFIX).lower()
    if name.startswith(PREFIX) and (setting in Settings.model_fields or single(name)):
        return name.upper() if not single(name) else name
    raise ValueError(f"no setting is called so; {suggestion(setting, Settings.model_fields)}")


def _text(path: Path) -> str:
    """Return the text of a file. Raises: ValueError."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from error
    if len(raw) > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES} bytes")
    try:
        return raw.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8: {error.reason} at byte {error.start}") from error
