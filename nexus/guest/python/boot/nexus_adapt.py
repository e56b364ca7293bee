"""Adapts modules of the standard library, once something imports them.

To import `asyncio`, `logging` or `tempfile` takes much of a set-up, and few handlers need all of
them: each is adapted when it comes.
"""

import sys

_pending = {}
"""functions that take a module, by its name"""


def when_imported(name, adapt):
    """Call *adapt* with the module *name* as soon as it is imported."""
    if name in sys.modules:
        adapt(sys.modules[name])
    else:
        _pending[name] = adapt


class _Loader:
    """Loads a module as *real* does, then adapts it."""

    def __init__(self, real, adapt):
        self._real, self._adapt = real, adapt

    def create_module(self, spec):
        return self._real.create_module(spec)

    def exec_module(self, module):
        module.__loader__ = module.__spec__.loader = self._real
        self._real.exec_module(module)
        self._adapt(module)


class Finder:
    """Finds modules as those after it in `sys.meta_path` do, and lets them be adapted."""

    def __init__(self, pending):
        """*pending*: functions that take a module, by its name."""
        self._pending = pending

    def find_spec(self, name, path=None, target=None):
        adapt = self._pending.pop(name, None)  # the search below comes here again
        if adapt is None:
            return None
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                spec.loader = _Loader(spec.loader, adapt)
                return spec
        return None


def install():
    sys.meta_path.insert(0, Finder(_pending))
