"""The SDK's own client calls tools, over both eras of the protocol and both back ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, ElicitRequestFormParams, ElicitResult, TextContent
from prometheus_client import CollectorRegistry
from werkzeug.serving import WSGIRequestHandler, make_server

from nexus import config
from nexus.http import create_app
from nexus.service import Service
from nexus_mcp.backend import Backend, Ceiling
from nexus_mcp.embedded import Embedded
from nexus_mcp.remote import Remote
from nexus_mcp.server import Calls

CEILING = Ceiling(timeout_ms=1000, capabilities=("ext:user",))
SCHEMA = """description = "Prices an order"
input_schema.type = "object"
input_schema.required = ["items"]
input_schema.properties.items = { type = "integer", minimum = 1 }
"""
ANY = 'input_schema.type = "object"'
HANDLERS = {
    "price": ("export default ({ args }) => ({ total: args.items * 3 })", SCHEMA),
    "plain": ("export default () => 1", ""),
    "wrong": ("export default () => 1", f'{ANY}\ninput_schema.properties.a.type = "no type"'),
    "fetches": ("export default () => 1", f'{ANY}\ninput_schema."$ref" = "http://127.0.0.1:9/x"'),
    "run_python": ("export default () => 1", ANY),
    "talks": ("export default () => console.log('password')", ANY),
}
ASK = """
const schema = { type: "object", properties: { ok: { type: "boolean" } } };
const shown = ({ value, reason }) => value ?? reason.message;
const asked = [$ext.user.ask({ message: "Pay?", schema }), $ext.user.ask("why")];
(await Promise.allSettled(asked)).map(shown)
"""
Answers = Callable[[str], ElicitResult]


class Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("handlers")
    for name, (source, manifest) in HANDLERS.items():
        (made / f"{name}.js").write_text(source)
        (made / f"{name}.toml").write_text(manifest)
    return made


@pytest.fixture(scope="module")
def embedded(folder: Path, cache_dir: str) -> Iterator[Embedded]:
    made = Embedded(str(folder), CEILING, cache_dir=cache_dir, compiler="cranelift")
    yield made
    made.close()


@pytest.fixture(scope="module")
def remote(folder: Path, cache_dir: str) -> Iterator[Remote]:
    """The same handlers behind a runtime API."""
    settings = {
        "handlers_dir": str(folder),
        "cache_dir": cache_dir,
        "compiler": "cranelift",
        "text_capabilities": "ext:user",
    }
    registry = CollectorRegistry()
    service = Service(config.load(settings, {}, folder).settings, registry)
    service.start()
    app = create_app(service, registry, b"secret")
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    made = Remote(f"http://127.0.0.1:{server.port}/", "secret", CEILING)
    yield made
    made.close()
    server.shutdown()
    thread.join()
    server.server_close()
    service.stop()


@pytest.fixture(params=["embedded", "remote"])
def backend(request: pytest.FixtureRequest) -> Backend:
    found: Backend = request.getfixturevalue(request.param)
    return found


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


def _say(message: str) -> ElicitResult:
    if message == "Pay?":
        return ElicitResult(action="accept", content={"ok": True})
    assert message == 'user.ask: "why"'
    return ElicitResult(action="accept", content={"answer": '{"because": 1}'})


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize(
    ("answers", "value"),
    [
        (_say, [{"ok": True}, {"because": 1}]),
        (lambda _: ElicitResult(action="decline"), ["the user declined the question"] * 2),
        (lambda _: ElicitResult(action="cancel"), ["the user dismissed the question"] * 2),
    ],
)
def test_questions_are_asked_of_the_user(
    backend: Backend, mode: str, answers: Answers, value: list[object]
) -> None:
    result = with_client(
        backend, lambda it: it.call_tool("run_javascript", {"source": ASK}), mode, answers
    )
    assert result.structured_content["return_value"] == value


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_without_a_user_an_execution_waits_for_others(backend: Backend, mode: str) -> None:
    async def work(client: Client) -> CallToolResult:
        asked = await client.call_tool("run_javascript", {"source": "await $ext.user.ask(1)"})
        found = asked.structured_content
        assert text_of(asked).startswith("suspended: waits for an answer to user.ask; ")
        backend.answer(found["suspension"]["id"], {"success": True, "value": "late"})
        return await client.call_tool("get_execution", {"execution_id": found["execution_id"]})

    assert text_of(with_client(backend, work, mode)) == "late"


def test_an_execution_that_waits_for_a_timer_is_waited_for(embedded: Embedded) -> None:
    source = "await new Promise((done) => setTimeout(done, 30, 'woken')); await $ext.user.ask(2)"
    result = with_client(
        embedded,
        lambda it: it.call_tool("run_javascript", {"source": source}),
        answers=lambda _: ElicitResult(action="accept", content={"answer": "plain"}),
    )
    assert text_of(result) == "plain"


def test_a_client_cannot_make_up_a_question(embedded: Embedded) -> None:
    """It echoes the state of a call; one that it changed answers nothing."""

    async def work(client: Client) -> None:
        source = {"source": "await $ext.user.ask(1)"}
        asked = await client.session.call_tool("run_javascript", source, allow_input_required=True)
        assert asked.request_state is not None
        (id,) = asked.input_requests
        answer = {id: ElicitResult(action="accept", content={"answer": "1"})}
        for state in ("{}", asked.request_state[:-2], '{"execution": "e", "questions": {}}'):
            with pytest.raises(MCPError, match="Invalid or expired requestState"):
                await client.session.call_tool(
                    "run_javascript", source, input_responses=answer, request_state=state
                )
        done = await client.session.call_tool(
            "run_javascript", source, input_responses=answer, request_state=asked.request_state
        )
        assert text_of(done) == "1"

    with_client(embedded, work, answers=lambda _: ElicitResult(action="cancel"))


def test_a_server_away_is_an_error_that_names_it() -> None:
    away = Remote("http://127.0.0.1:9", None, CEILING)
    found = call(away, "run_javascript", source="1")
    assert text_of(found).startswith("UNREACHABLE: cannot reach http://127.0.0.1:9: ")

    async def work(client: Client) -> None:
        with pytest.raises(MCPError, match="UNREACHABLE"):
            await client.list_tools()

    with_client(away, work)
