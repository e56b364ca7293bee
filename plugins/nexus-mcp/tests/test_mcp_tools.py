"""The SDK's own client calls tools, over both eras of the protocol and both back ends."""

from __future__ import annotations

from typing import Any

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_client import CEILING, call, text_of, with_client
from mcp_types import CallToolResult

from nexus_mcp.backend import Backend
from nexus_mcp.embedded import Embedded
from nexus_mcp.remote import Remote


def test_tools_are_languages_and_handlers_with_a_usable_schema(
    backend: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    tools = {tool.name: tool for tool in with_client(backend, lambda it: it.list_tools()).tools}
    assert set(tools) == {
        "run_javascript",
        "run_python",
        "get_execution",
        "price",
        "fetches",
        "talks",
    }
    assert tools["price"].description == "Prices an order"
    assert tools["price"].input_schema["required"] == ["items"]
    assert "handler wrong: input_schema: 'no type' is not valid" in caplog.text
    assert "handler run_python is not a tool: the name is taken" in caplog.text


@pytest.mark.parametrize(
    ("tool", "arguments", "text"),
    [
        ("run_javascript", {"source": "$args.a + 1", "args": {"a": 41}}, "42"),
        ("run_javascript", {"source": "'as it is'"}, "as it is"),
        ("run_python", {"source": "[context['args']['a']] * 2", "args": {"a": "é"}}, '["é", "é"]'),
        ("price", {"items": 3}, '{"total": 9}'),
    ],
)
def test_calls(backend: Backend, tool: str, arguments: dict[str, Any], text: str) -> None:
    result = call(backend, tool, **arguments)
    assert (text_of(result), result.is_error) == (text, False)
    assert result.structured_content["status"] == "success"
    assert result.structured_content["metrics"]["cpu_us"] > 0


@pytest.mark.parametrize(
    ("tool", "arguments", "text"),
    [
        ("run_javascript", {"source": "nothing.there"}, "EXECUTION_ERROR: Uncaught ReferenceError"),
        ("run_javascript", {"source": "("}, "COMPILATION_ERROR: "),
        ("run_javascript", {}, "INVALID_ARGUMENT: $: 'source' is a required property"),
        ("price", {"items": 0}, "INVALID_ARGUMENT: $.items: 0 is less than the minimum of 1"),
        ("fetches", {}, "INVALID_HANDLER: input_schema: cannot resolve http://127.0.0.1:9/x"),
        ("get_execution", {"execution_id": "x"}, "EXECUTION_NOT_FOUND: "),
    ],
)
def test_errors_are_results(
    backend: Backend, tool: str, arguments: dict[str, Any], text: str
) -> None:
    result = call(backend, tool, **arguments)
    assert text_of(result).startswith(text)
    assert result.is_error


def test_a_run_has_the_limits_of_the_configuration(backend: Backend) -> None:
    result = call(backend, "run_javascript", source="for (;;);")
    assert text_of(result).startswith(("TIMEOUT", "CPU_LIMIT"))
    assert 1_000_000 <= result.structured_content["metrics"]["duration_us"] < 10_000_000
    refused = call(backend, "run_javascript", source="await $ext.other.ask(1)")
    assert "ext:other" in text_of(refused)


def test_what_text_prints_stands_beside_its_result(embedded: Embedded, remote: Remote) -> None:
    source = "console.log('one'); console.error('two'); await $ext.user.ask(1)"

    async def work(client: Client) -> CallToolResult:
        asked = await client.call_tool("run_javascript", {"source": source})
        id = asked.structured_content["suspension"]["id"]
        embedded.answer(id, {"success": False, "error": "no"})
        return await client.call_tool("run_javascript", {"source": source.partition("await")[0]})

    shown = [content.text for content in with_client(embedded, work).content]
    assert shown == ["null", "It printed:\none\ntwo\n"]
    long = call(
        embedded,
        "run_javascript",
        source="for (let n = 0; n < 99; n++) console.log('x'.repeat(999))",
    )
    assert len(long.structured_content["printed"]) == 16 << 10
    assert "print" not in str(call(remote, "run_javascript", source="console.log(1)").content)
    # A handler's log is its operator's.
    assert "printed" not in call(embedded, "talks").structured_content


@pytest.mark.parametrize("tool", ["plain", "nothing"])
def test_what_is_no_tool_is_an_error_of_the_protocol(embedded: Embedded, tool: str) -> None:
    async def work(client: Client) -> None:
        with pytest.raises(MCPError, match=f"no tool '{tool}'"):
            await client.call_tool(tool, {})

    with_client(embedded, work)


def test_a_server_away_is_an_error_that_names_it() -> None:
    away = Remote("http://127.0.0.1:9", None, CEILING)
    found = call(away, "run_javascript", source="1")
    assert text_of(found).startswith("UNREACHABLE: cannot reach http://127.0.0.1:9: ")

    async def work(client: Client) -> None:
        with pytest.raises(MCPError, match="UNREACHABLE"):
            await client.list_tools()

    with_client(away, work)
