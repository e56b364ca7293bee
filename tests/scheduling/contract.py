"""What every scheduling policy must do, whatever its order; also for the packages' own tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from nexus.plugin_api.scheduling import Policy, PolicyFactory, PolicyOptions, Ticket

Check: TypeAlias = Callable[[PolicyFactory], None]

PLACES = 4
SECONDS = st.floats(0.0, 20.0)
HANDLERS = st.sampled_from("abc")


class PolicyMachine(RuleBasedStateMachine):
    """Tickets come, go and give up, time passes, measurements come in; a list says who waits."""

    factory: Callable[[PolicyOptions], Policy]

    def __init__(self) -> None:
        super().__init__()
        self.now = 100.0
        self.policy = type(self).factory(PolicyOptions(places=PLACES, clock=lambda: self.now))
        self.waiting: list[Ticket] = []

    @rule(
        handler=HANDLERS,
        key=st.sampled_from(["", "gold", "free"]),
        timeout_s=SECONDS,
        priority=st.integers(0, 9),
        weight=st.sampled_from([0.01, 0.5, 1.0, 3.0, 100.0]),
    )
    def push(self, handler: str, key: str, timeout_s: float, **how: Any) -> None:
        ticket = Ticket(handler, self.now + timeout_s, key=key, arrived=self.now, **how)
        refused = self.policy.refuse(ticket, PLACES)
        assert refused is None or (refused and "\n" not in refused)
        victim = self.policy.displace(ticket)
        assert victim is None or victim in self.waiting
        self.policy.push(ticket)
        self.waiting.append(ticket)

    @rule()
    def pop(self) -> None:
        ticket = self.policy.pop()
        assert (ticket is None) == (not self.waiting)
        if ticket is not None:
            self.waiting.remove(ticket)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        ticket = data.draw(st.sampled_from(self.waiting))
        self.policy.remove(ticket)
        self.waiting.remove(ticket)

    @rule(seconds=SECONDS)
    def passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(handler=HANDLERS, wall_s=SECONDS, busy=st.floats(0.0, 1.0))
    def finishes(self, handler: str, wall_s: float, busy: float) -> None:
        self.policy.finished(handler, wall_s, wall_s * busy)

    @invariant()
    def counts(self) -> None:
        assert len(self.policy) == len(self.waiting)

    @invariant()
    def lets_at_least_one_run(self) -> None:
        assert 1 <= self.policy.limit(PLACES) <= PLACES
        assert self.policy.limit(1) == 1

    def teardown(self) -> None:
        """All that still wait come out, each once."""
        left = [self.policy.pop() for _ in self.waiting]
        assert sorted(map(id, left)) == sorted(map(id, self.waiting))
        assert self.policy.pop() is None


def nothing_is_lost_and_nothing_doubled(factory: PolicyFactory) -> None:
    """Drive the machine."""
    machine = type("Machine", (PolicyMachine,), {"factory": staticmethod(factory)})
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine, settings=settings(max_examples=40, stateful_step_count=40, deadline=None)
    )


def many_that_gave_up_cost_nothing_later(factory: PolicyFactory) -> None:
    """Lazily removed or not: after a thousand came and left, one that stays is found."""
    policy = factory(PolicyOptions())
    stays = Ticket("h", 1e9, arrived=1.0)
    policy.push(stays)
    for number in range(1000):
        ticket = Ticket("h", float(number), arrived=2.0, priority=9)
        policy.push(ticket)
        policy.remove(ticket)
    assert len(policy) == 1
    assert policy.pop() is stays
    assert policy.pop() is None


CHECKS: tuple[Check, ...] = (
    nothing_is_lost_and_nothing_doubled,
    many_that_gave_up_cost_nothing_later,
)
