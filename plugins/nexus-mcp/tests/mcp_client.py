"""The SDK's own client, connected to tools of a backend."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from mcp import Client
from mcp_types import CallToolResult, ElicitRequestFormParams, ElicitResult, TextContent

from nexus_mcp.backend import Backend, Ceiling
from nexus_mcp.server import Calls

CEILING = Ceiling(timeout_ms=1000, capabilities=("ext:user",))
Answers = Callable[[str], ElicitResult]


def with_client(
    backend: Backend,
    work: Callable[[Client], Any],
    mode: str = "auto",
    answers: Answers | None = None,
) -> Any:
    """Connect a client, which answers questions with *answers* if it has any, and run *work*."""

    async def answered(_: Any, params: ElicitRequestFormParams) -> ElicitResult:
        assert answers is not None
        return answers(params.message)

    async def connected() -> Any:
        server = Calls(backend, ("javascript", "python")).server("0")
        callback = None if answers is None else answered
        async with Client(server, mode=mode, elicitation_callback=callback) as client:
            return await work(client)

    return asyncio.run(connected())


def call(backend: Backend, tool: str, **arguments: Any) -> CallToolResult:
    result: CallToolResult = with_client(backend, lambda client: client.call_tool(tool, arguments))
    return result


def text_of(result: CallToolResult) -> str:
    content, *_ = result.content
    assert isinstance(content, TextContent)
    return content.text
