"""Other ways to run Python that one does not trust, for `bench.python`: each that is installed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

Call = Callable[[], object]
_CLASSES = """
import json
class Request:
    def json(self): return json.loads(body)
"""


@contextmanager
def sandboxes(source: str, body: bytes) -> Iterator[dict[str, Call]]:
    """Open those that can run *source*, which defines `fetch`, with *body* as the request's."""
    with ExitStack() as stack:
        found: dict[str, Call] = {}
        if find_spec("RestrictedPython"):
            found["RestrictedPython"] = lambda: _restricted(source, body)
        if find_spec("pydantic_monty"):
            pool = stack.enter_context(import_module("pydantic_monty").Monty(max_processes=1))
            # Its part of Python has no classes: the function gets a value with a method beside it.
            text = source.replace("request.json()", "value") + "\nfetch(0)"
            found["monty, a session"] = lambda: _monty(pool, text, body)
        if find_spec("eryx"):
            eryx = import_module("eryx")
            # Without `print`, since eryx writes what a guest prints to this process's stdout, too.
            silent = f"body = {body!r}\n{_CLASSES}{source}\nanswer = json.dumps(fetch(Request()))"
            found["eryx, a new one"] = lambda: eryx.Sandbox().execute(silent)
            kept = eryx.Sandbox()
            found["eryx, kept"] = lambda: kept.execute(silent)
        if find_spec("sandbox"):
            kind = import_module("sandbox")
            folder = Path(stack.enter_context(TemporaryDirectory()))
            text = f"body = {body!r}\n{_CLASSES}{source}\nprint(json.dumps(fetch(Request())))"
            found["llm-wasm-sandbox"] = lambda: _llm(kind, folder, text)
        yield found


def _monty(pool: Any, text: str, body: bytes) -> str:
    with pool.checkout() as session:
        return json.dumps(session.feed_run(text, inputs={"value": json.loads(body)}))


def _llm(kind: Any, folder: Path, text: str) -> str:
    made = kind.create_sandbox(runtime=kind.RuntimeType.PYTHON, workspace_root=folder)
    return str(made.execute(text).stdout)


def _restricted(source: str, body: bytes) -> str:
    from types import SimpleNamespace

    from RestrictedPython import Eval, Guards, compile_restricted, safe_builtins

    names: dict[str, Any] = {
        "__builtins__": {**safe_builtins, "sum": sum},
        "_getitem_": Eval.default_guarded_getitem,
        "_getiter_": Eval.default_guarded_getiter,
        "_getattr_": Guards.safer_getattr,
        "_write_": lambda value: value,
    }
    exec(compile_restricted(source, "handler", "exec"), names)
    return json.dumps(names["fetch"](SimpleNamespace(json=lambda: json.loads(body))))
