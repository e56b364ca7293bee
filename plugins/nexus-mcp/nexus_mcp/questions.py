"""Questions of suspended executions as forms for the client's user, and answers from them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from mcp_types import ElicitResult

_ANSWER: Final = "answer"
_PLAIN: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        _ANSWER: {"type": "string", "title": "Answer", "description": "JSON, or else plain text"}
    },
    "required": [_ANSWER],
}
_PRIMITIVES: Final = {"string", "number", "integer", "boolean"}
"""The types of fields that a client must be able to show"""


def form_of(question: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return message and JSON Schema of the form for *question*, a suspension of the runtime API.

    Arguments of the form `{"message": "…", "schema": {…}}` choose text and fields. Others are shown
    as JSON, above one field.
    """
    message, schema = _asked(question["arguments"])
    if message is None:
        call = f"{question['extension']}.{question['method']}"
        message = f"{call}: {json.dumps(question['arguments'], ensure_ascii=False)}"
    return message, schema


def answer_from(question: Mapping[str, Any], result: ElicitResult) -> dict[str, Any]:
    """Return the answer to *question* that *result* means, for the runtime API."""
    if result.action != "accept":
        did = "declined" if result.action == "decline" else "dismissed"
        return {"success": False, "error": f"the user {did} the question"}
    content = result.content or {}
    if _asked(question["arguments"])[1] is not _PLAIN:
        return {"success": True, "value": content}
    text = content.get(_ANSWER)
    try:
        return {"success": True, "value": json.loads(str(text))}
    except ValueError:
        return {"success": True, "value": text}


def _asked(arguments: Any) -> tuple[str | None, dict[str, Any]]:
    """Return the message and the fields that a question asks for, as far as it does."""
    if not isinstance(arguments, Mapping):
        return None, _PLAIN
    message, schema = arguments.get("message"), arguments.get("schema")
    if not isinstance(message, str):
        return None, _PLAIN
    return message, dict(schema) if schema is not None and _is_form(schema) else _PLAIN


def _is_form(schema: Any) -> bool:
    """Return whether *schema* is an object of fields that are not objects themselves."""
    if not isinstance(schema, Mapping) or schema.get("type") != "object":
        return False
    fields = schema.get("properties")
    return isinstance(fields, Mapping) and all(
        isinstance(field, Mapping) and field.get("type") in _PRIMITIVES for field in fields.values()
    )
