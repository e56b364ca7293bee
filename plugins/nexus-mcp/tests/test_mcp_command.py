"""The console script, over stdio and over HTTP, with the SDK's own client."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from nexus_mcp.command import main

COMMAND = str(Path(sys.executable).with_name("nexus-mcp"))
HANDLER = """export default ({ args }) => {
  console.error("not for the command's own stderr");
  return `Hello, ${args.name}`;
};"""
OPTIONS = ["--language", "javascript", "--timeout-ms", "2000"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("handlers")
    (made / "greet.js").write_text(HANDLER)
    (made / "greet.toml").write_text('input_schema.type = "object"')
    return made


@pytest.fixture(scope="module")
def arguments(folder: Path, cache_dir: str) -> list[str]:
    return ["--handlers", str(folder), "--cache-dir", cache_dir, *OPTIONS]


@pytest.fixture(scope="module")
def url(arguments: list[str]) -> Iterator[str]:
    command = [COMMAND, *arguments, "--http", "127.0.0.1:0"]
    environ = {**os.environ, "NEXUS_MCP_TOKEN": "secret"}
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith("Serving MCP on http://127.0.0.1:")
        yield line.split()[-1]
        process.terminate()
        said = process.stderr.read()
        assert said in ("", "nexus-mcp: Invalid Host header: evil.example\n")


async def _greeted(client: Client) -> tuple[set[str], object]:
    tools = await client.list_tools()
    result = await client.call_tool("greet", {"name": "Ada"})
    return {tool.name for tool in tools.tools}, result.structured_content["return_value"]


EXPECTED = ({"run_javascript", "get_execution", "greet"}, "Hello, Ada")


def test_stdio(arguments: list[str]) -> None:
    async def work() -> object:
        async with Client(StdioServerParameters(command=COMMAND, args=arguments)) as client:
            return await _greeted(client)

    assert asyncio.run(work()) == EXPECTED


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_http(url: str, mode: str) -> None:
    async def work() -> object:
        headers = {"Authorization": "Bearer secret"}
        async with httpx2.AsyncClient(headers=headers) as http:
            connection = streamable_http_client(url, http_client=http)
            async with Client(connection, mode=mode) as client:
                return await _greeted(client)

    assert asyncio.run(work()) == EXPECTED


@pytest.mark.parametrize("given", [{}, {"Authorization": "Bearer secre"}, {"Authorization": "é"}])
def test_http_without_the_token_is_refused(url: str, given: dict[str, str]) -> None:
    headers = {name: value.encode() for name, value in given.items()}
    answer = httpx2.post(url, headers=headers, json={})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (
        401,
        'Bearer realm="nexus-mcp"',
    )


def test_another_host_is_refused(url: str) -> None:
    """A web page may have its own name resolved to 127.0.0.1."""
    headers = {"Authorization": "Bearer secret", "Host": "evil.example"}
    assert httpx2.post(url, headers=headers, json={}).status_code == 421


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--http", "127.0.0.1"], "--http: found '127.0.0.1', allowed: HOST:PORT"),
        (["--http", "0.0.0.0:0"], "others can reach it; set --http-token, or use 127.0.0.1"),
        (["--url", "ftp://x"], "--url: found 'ftp://x', allowed: http://HOST:PORT or https://…"),
        (["--url", "http://x", "--handlers", "x"], "--handlers and --url: only one of them"),
        (["--capability", "x"], "--capability: "),
        (["--handlers", "/nowhere"], "there is no folder /nowhere"),
    ],
)
def test_wrong_options_say_what_is_allowed(options: list[str], text: str) -> None:
    ended = CliRunner().invoke(main, options)
    assert ended.exit_code in (1, 2)
    assert text in ended.output
