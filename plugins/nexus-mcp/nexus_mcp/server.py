"""Answers a client: its list of tools, and its calls, with the questions that they lead to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from mcp.server import Server, ServerRequestContext
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ClientCapabilities,
    ElicitationCapability,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequiredResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from nexus_mcp.backend import Backend, Refused, Result
from nexus_mcp.questions import answer_from, form_of
from nexus_mcp.tools import Tools

T = TypeVar("T")

NAME: Final = "nexus"
_THREADS: Final = 16
"""Calls that wait for Nexus at once; more wait for a thread"""
_TIMER_MS: Final = 30_000
"""The longest to wait for an execution that waits for its own timers only"""
_ENDED: Final = {"SUSPENSION_CONFLICT", "SUSPENSION_NOT_FOUND", "SUSPENSION_GONE"}
"""codes of an answer that came too late: somebody else has given one, say"""
_CAN_ASK: Final = ClientCapabilities(elicitation=ElicitationCapability())


class Calls:
    """Tool calls on one backend, for any number of clients."""

    def __init__(self, backend: Backend, languages: Sequence[str]) -> None:
        self._backend = backend
        self._tools = Tools(backend, languages)
        # Threads of our own: Nexus keeps instances by thread, and the event loop's come and go.
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="nexus-mcp")

    def server(self, version: str) -> Server[Any]:
        """Return the server that answers calls with these tools."""
        server: Server[Any] = Server(
            NAME, version=version, on_list_tools=self._list, on_call_tool=self._call
        )
        # The client keeps the ids of open questions meanwhile; it may not make up others.
        security = RequestStateSecurity.ephemeral(ttl=3600.0)
        server.middleware.append(RequestStateBoundary(security, default_audience=NAME))
        return server

    async def _list(
        self, _: ServerRequestContext[Any], __: PaginatedRequestParams | None
    ) -> ListToolsResult:
        try:
            return ListToolsResult(tools=await self._aside(self._tools.all))
        except Refused as error:
            raise MCPError(code=INVALID_PARAMS, message=str(error)) from error

    async def _call(
        self, context: ServerRequestContext[Any], params: CallToolRequestParams
    ) -> CallToolResult | InputRequiredResult:
        try:
            if params.request_state is not None:
                responses = params.input_responses or {}
                result = await self._answered(json.loads(params.request_state), responses)
            else:
                arguments = params.arguments or {}
                result = await self._aside(self._tools.call, params.name, arguments)
            return await self._settled(context, result)
        except KeyError:
            raise MCPError(code=INVALID_PARAMS, message=f"no tool {params.name[:80]!r}") from None
        except Refused as error:
            return CallToolResult(content=[TextContent(text=str(error))], is_error=True)

    async def _settled(
        self, context: ServerRequestContext[Any], result: Result
    ) -> CallToolResult | InputRequiredResult:
        """Return what the client gets for *result*, having asked its user for answers."""
        can_ask = context.session.check_client_capability(_CAN_ASK)
        while result["status"] == "suspended":
            questions = {question["id"]: question for question in result["suspensions"]}
            if not questions:
                result = await self._aside(self._backend.result, result["execution_id"], _TIMER_MS)
                if result["status"] == "suspended" and not result["suspensions"]:
                    break
                continue
            if not can_ask:
                break
            state = {"execution": result["execution_id"], "questions": questions}
            if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
                return InputRequiredResult(
                    input_requests={id: _request(*form_of(each)) for id, each in questions.items()},
                    request_state=json.dumps(state),
                )
            id, question = next(iter(questions.items()))
            response = await context.session.elicit_form(*form_of(question), context.request_id)
            result = await self._answered(state, {id: response})
        return _shown(result)

    async def _answered(self, state: Mapping[str, Any], responses: Mapping[str, Any]) -> Result:
        """Give the *responses* to the questions in *state*, and return the next result."""
        result: Result | None = None
        for id, question in state["questions"].items():
            response = responses.get(id)
            if not isinstance(response, ElicitResult):
                continue
            answer = answer_from(question, response)
            try:
                result = await self._aside(self._backend.answer, id, answer)
            except Refused as error:
                if error.code not in _ENDED:
                    raise
        if result is not None:
            return result
        return await self._aside(self._backend.result, state["execution"], 0)

    async def _aside(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)


def _request(message: str, schema: dict[str, Any]) -> ElicitRequest:
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))


def _shown(result: Result) -> CallToolResult:
    """Return *result* as text for a model, with the whole of it beside."""
    status, value = result["status"], result["return_value"]
    if status == "error":
        error = result["error"]
        text = f"{error['code']}: {error['message']}"
    elif status == "suspended":
        asked = [f"{each['extension']}.{each['method']}" for each in result["suspensions"]]
        text = (
            f"suspended: waits for an answer to {', '.join(asked) or 'a timer'}; for its result "
            f"call get_execution with execution_id {result['execution_id']}"
        )
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    content = [TextContent(text=text)]
    if printed := result.get("printed"):
        content.append(TextContent(text=f"It printed:\n{printed}"))
    return CallToolResult(
        content=list(content),
        structured_content={
            name: part for name, part in result.items() if part not in (None, [], "")
        },
        is_error=status == "error",
    )
