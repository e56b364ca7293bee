"""The tools: their descriptions, and the calls that they become."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, best_match
from mcp_types import Tool, ToolAnnotations
from referencing import Registry
from referencing.exceptions import Unresolvable

from nexus_mcp.backend import Backend, Offer, Refused, Result

log = logging.getLogger("nexus.mcp")

_TEXT: Final = {
    "javascript": (
        "run_javascript",
        "Run JavaScript in a sandbox without files and network. A script's last expression is the "
        "result; it sees the arguments as `$args`. A module's default export is called with "
        "`{args}`. The result must be JSON.",
    ),
    "python": (
        "run_python",
        "Run Python 3.12 in a sandbox without files and network, with the standard library. A "
        "script's last expression is the result; it sees the arguments as `context['args']`. In a "
        "module, `run(context)` is called. The result must be JSON.",
    ),
}
"""by language: a tool's name and description"""
LANGUAGES: Final = tuple(_TEXT)
RESULT: Final = "get_execution"

_PRINTED: Final = {
    True: "What it prints is shown beside the result.",
    False: "What it prints is not shown.",
}
_SOURCE: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "source": {"type": "string", "description": "the program's text"},
        "args": {"type": "object", "description": "its arguments"},
    },
    "required": ["source"],
    "additionalProperties": False,
}
_EXECUTION: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "execution_id": {"type": "string"},
        "wait_ms": {"type": "integer", "minimum": 0, "maximum": 30_000},
    },
    "required": ["execution_id"],
    "additionalProperties": False,
}
_AWAITED: Final = (
    "Return the result of an execution that was suspended, once somebody has answered its question."
)


class Tools:
    """The tools of one backend: run text in *languages*, and its handlers with input schemas."""

    def __init__(self, backend: Backend, languages: Sequence[str]) -> None:
        self._backend = backend
        self._built_in = {tool.name: tool for tool in _built_in(languages, backend)}
        self._languages = {_TEXT[language][0]: language for language in languages}

    def all(self) -> list[Tool]:
        """Return the tools as they are now. Raises: Refused."""
        usable = filter(self._is_usable, self._backend.offers())
        return [*self._built_in.values(), *map(_of_handler, usable)]

    def call(self, name: str, arguments: Mapping[str, Any]) -> Result:
        """Run the tool *name*, and return its execution's result.

        Raises: Refused, also for arguments that its schema does not allow; KeyError without such a
        tool.
        """
        built_in = self._built_in.get(name)
        if built_in is None:
            offer = {offer.name: offer for offer in self._backend.offers()}[name]
            if not self._is_usable(offer):
                raise KeyError(name)
            _check(arguments, offer.input_schema)
            return self._backend.run_handler(name, {"args": arguments})
        _check(arguments, built_in.input_schema)
        if name == RESULT:
            return self._backend.result(arguments["execution_id"], arguments.get("wait_ms", 0))
        context = {"args": arguments.get("args", {})}
        return self._backend.run_text(self._languages[name], arguments["source"], context)

    def _is_usable(self, offer: Offer) -> bool:
        """Return whether a handler can be a tool; if not, log why."""
        if offer.name in self._built_in:
            log.warning("handler %s is not a tool: the name is taken", offer.name)
            return False
        try:
            Draft202012Validator.check_schema(offer.input_schema)
        except SchemaError as error:
            log.warning("handler %s: input_schema: %s", offer.name, error.message)
            return False
        return True


def _built_in(languages: Sequence[str], backend: Backend) -> list[Tool]:
    printed = _PRINTED[backend.shows_printed]
    annotations = ToolAnnotations(open_world_hint=False)
    texts = [
        Tool(
            name=name,
            description=f"{text} {printed}",
            input_schema=_SOURCE,
            annotations=annotations,
        )
        for name, text in map(_TEXT.__getitem__, languages)
    ]
    reads = ToolAnnotations(read_only_hint=True, open_world_hint=False)
    return [
        *texts,
        Tool(name=RESULT, description=_AWAITED, input_schema=_EXECUTION, annotations=reads),
    ]


def _of_handler(offer: Offer) -> Tool:
    return Tool(
        name=offer.name,
        description=offer.description or None,
        input_schema=dict(offer.input_schema),
    )


def _check(arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    """Raises: Refused with the place of what is wrong in *arguments*."""
    # Its default registry would fetch a `$ref` to any URL.
    registry: Registry[Any] = Registry()
    validator: Callable[..., Any] = Draft202012Validator
    try:
        found = best_match(validator(schema, registry=registry).iter_errors(arguments))
    except Unresolvable as error:
        raise Refused("INVALID_HANDLER", f"input_schema: cannot resolve {error.ref}") from error
    if found is not None:
        raise Refused("INVALID_ARGUMENT", f"{found.json_path}: {found.message}")
