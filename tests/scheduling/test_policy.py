"""The contract of a policy: what goes in comes out once, or is taken out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nexus.scheduling import Fifo, Policy, Ticket


@pytest.fixture(params=[Fifo])
def policy(request: pytest.FixtureRequest) -> Policy:
    make: Callable[[], Policy] = request.param
    return make()


def test_empty_there_is_nothing_to_admit(policy: Policy) -> None:
    assert policy.pop() is None
    assert len(policy) == 0


def test_all_come_out_once(policy: Policy) -> None:
    tickets = [Ticket(f"h{n % 3}", float(n)) for n in range(10)]
    for ticket in tickets:
        policy.push(ticket)
    assert len(policy) == 10
    popped = [policy.pop() for _ in range(10)]
    assert sorted(popped, key=id) == sorted(tickets, key=id)  # type: ignore[arg-type]
    assert policy.pop() is None


def test_who_gave_up_does_not_come_out(policy: Policy) -> None:
    stays, gives_up = Ticket("a", 1.0), Ticket("b", 1.0)
    policy.push(gives_up)
    policy.push(stays)
    policy.remove(gives_up)
    assert len(policy) == 1
    assert policy.pop() is stays


def test_fifo_is_first_in_first_out() -> None:
    fifo, tickets = Fifo(), [Ticket("h", 1.0) for _ in range(3)]
    for ticket in tickets:
        fifo.push(ticket)
    assert [fifo.pop() for _ in range(3)] == tickets


def test_a_ticket_woken_before_it_waits_does_not_wait() -> None:
    ticket = Ticket("h", 0.0)
    ticket.wake()
    ticket.wait(20.0)


def test_a_ticket_past_its_deadline_does_not_wait() -> None:
    Ticket("h", 0.0).wait(-1.0)
