"""Hook `nexus_engines`."""

from __future__ import annotations

from collections.abc import Mapping

from nexus.hookspecs.markers import hookspec
from nexus.protocols import EngineFactory


@hookspec
def nexus_engines() -> Mapping[str, EngineFactory] | None:
    """Add WebAssembly engines.

    Called: when settings are read, and when the engine is made: in each worker, and in the
    compiler's child process where the engine is not a built-in one. The setting `engine` chooses
    one by its name, and only that one's factory is called; `auto` only ever takes a built-in one.

    Returns: factories by name (lower case letters, digits, `-` and `_`); a name that another
    plugin gave already stops the start. None: no engine.

    Raises: the start ends there. The chosen factory raises EngineUnavailable, with what to
    install, where the engine or compiler cannot be used here.
    """
