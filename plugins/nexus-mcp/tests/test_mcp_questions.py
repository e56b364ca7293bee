"""Questions of suspended executions, asked of the client's user, over both eras of the protocol."""

from __future__ import annotations

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_client import Answers, text_of, with_client
from mcp_types import CallToolResult, ElicitResult

from nexus_mcp.backend import Backend
from nexus_mcp.embedded import Embedded

ASK = """
const schema = { type: "object", properties: { ok: { type: "boolean" } } };
const shown = ({ value, reason }) => value ?? reason.message;
const asked = [$ext.user.ask({ message: "Pay?", schema }), $ext.user.ask("why")];
(await Promise.allSettled(asked)).map(shown)
"""


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
