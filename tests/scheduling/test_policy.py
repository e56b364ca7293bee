"""The contract of the built-in policies, and of tickets."""

from __future__ import annotations

import pytest

from nexus.errors import ConfigError
from nexus.model import Context, HttpRequest
from nexus.plugin_api.scheduling import PolicyOptions, Ticket
from nexus.scheduling import BUILT_IN, Fifo, choose_policy
from nexus.scheduling.tickets import TicketMaker
from tests.scheduling.contract import CHECKS, Check


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("name", BUILT_IN)
def test_the_contract(name: str, check: Check) -> None:
    check(BUILT_IN[name])


def test_fifo_is_first_in_first_out() -> None:
    fifo, tickets = Fifo(), [Ticket("h", 1.0) for _ in range(3)]
    for ticket in tickets:
        fifo.push(ticket)
    assert [fifo.pop() for _ in range(3)] == tickets


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_policy_is_chosen_by_its_name(name: str) -> None:
    assert isinstance(choose_policy(name, BUILT_IN, PolicyOptions()), BUILT_IN[name])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("fair", "; the package nexus-scheduling-fair has it"),
        ("adaptive", "; the package nexus-scheduling-adaptive has it"),
        ("prioritiy", "; did you mean priority?"),
        ("xyz", ""),
    ],
)
def test_a_policy_that_is_not_there_is_an_error_that_helps(name: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        choose_policy(name, BUILT_IN, PolicyOptions())
    allowed = "allowed: deadline, fifo, priority, shortest"
    assert str(caught.value) == f"scheduling_policy: found {name!r}, {allowed}{hint}"


def test_a_ticket_woken_before_it_waits_does_not_wait() -> None:
    ticket = Ticket("h", 0.0)
    ticket.wake()
    ticket.wait(20.0)


def test_a_ticket_past_its_deadline_does_not_wait() -> None:
    Ticket("h", 0.0).wait(-1.0)


# ---- what a ticket says of its request ----------------------------------------------------------

HEADERS = PolicyOptions(
    key_header="X-Tenant-Id",
    priority_header="X-Priority",
    weights={"gold": 3.0},
    clock=lambda: 7.0,
)


def ticket(options: PolicyOptions, **meta: str) -> Ticket:
    return TicketMaker(options).make("hello", 9.0, 4, HttpRequest(meta))


def test_without_headers_the_handler_says_it_all() -> None:
    made = ticket(
        PolicyOptions(weights={"hello": 2.0}), HTTP_X_TENANT_ID="gold", HTTP_X_PRIORITY="9"
    )
    assert (made.handler, made.key, made.weight, made.priority) == ("hello", "hello", 2.0, 4)


def test_headers_say_key_and_priority() -> None:
    made = ticket(HEADERS, HTTP_X_TENANT_ID="gold", HTTP_X_PRIORITY="9")
    assert (made.handler, made.key, made.weight, made.priority) == ("hello", "gold", 3.0, 9)
    assert (made.arrived, made.deadline) == (7.0, 9.0)


def test_requests_without_the_header_share_a_key() -> None:
    assert (ticket(HEADERS).key, ticket(HEADERS).weight) == ("", 1.0)


@pytest.mark.parametrize("said", ["", "10", "-1", "5.0", "high", "٣", " 3"])
def test_a_priority_that_cannot_be_read_is_the_handlers(said: str) -> None:
    assert ticket(HEADERS, HTTP_X_PRIORITY=said).priority == 4


def test_what_is_no_http_request_has_no_headers() -> None:
    made = TicketMaker(HEADERS).make("hello", 9.0, 4, Context(b"{}"))
    assert (made.key, made.priority) == ("", 4)


def test_weights_can_change() -> None:
    maker = TicketMaker(HEADERS).reweighed({"gold": 5.0})
    made = maker.make("hello", 9.0, 4, HttpRequest({"HTTP_X_TENANT_ID": "gold"}))
    assert made.weight == 5.0
