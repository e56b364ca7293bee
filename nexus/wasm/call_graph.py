"""Which functions must count their depth, and for how much.

Only a call graph with cycles can get deep: what recurs counts each frame it makes. Functions
outside cycles are counted by those that call them, since how deep such a chain goes is known; a
chain longer than `MAX_CHAIN` is cut, and the function at the cut counts for itself. So whatever a
guest does, its native stack holds at most as many frames as were counted, and `MAX_CHAIN` more.

An indirect call may reach every function of its type that is in a table or a `ref.func`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

MAX_CHAIN = 8
"""frames that are not counted, where no recursion led to them"""


@dataclass(slots=True)
class Calls:
    """What one function calls: functions by index, imported ones left out, and types."""

    functions: set[int] = field(default_factory=set)
    types: set[int] = field(default_factory=set)


def frames_to_count(calls: Sequence[Calls], targets: Sequence[Iterable[int]]) -> dict[int, int]:
    """Give the frames that a call of each function that counts may add before another counts.

    *targets* are the functions that an indirect call of each type may reach. Functions and types
    go by their places in the two sequences. The result lacks functions that need not count.
    """
    count = len(calls)
    edges = [[*c.functions, *(count + t for t in c.types)] for c in calls]
    edges += [list(reached) for reached in targets]
    chain = [0] * len(edges)
    counted: dict[int, int] = {}
    for component in _components(edges):
        node = component[0]
        recurs = len(component) > 1 or node in edges[node]
        # Types first: functions of the same component ask for their chains.
        for node in sorted(component, reverse=True):
            below = max([chain[to] for to in edges[node]], default=0)
            if node >= count:
                chain[node] = below
            elif recurs or below >= MAX_CHAIN:
                counted[node] = below + 1
            else:
                chain[node] = below + 1
    return counted


def _components(edges: Sequence[Sequence[int]]) -> Iterable[list[int]]:
    """Give the strongly connected components, callees before callers (Tarjan 1972)."""
    order = [0] * len(edges)  # 0: not seen yet
    low = [0] * len(edges)
    open_: list[int] = []
    is_open = bytearray(len(edges))
    seen = 0
    for root in range(len(edges)):
        if order[root]:
            continue
        path = [(root, iter(edges[root]))]
        while path:
            node, rest = path[-1]
            if not order[node]:
                seen += 1
                order[node] = low[node] = seen
                open_.append(node)
                is_open[node] = 1
            for to in rest:
                if not order[to]:
                    path.append((to, iter(edges[to])))
                    break
                if is_open[to]:
                    low[node] = min(low[node], order[to])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[node])
                if low[node] == order[node]:
                    component: list[int] = []
                    while not component or component[-1] != node:
                        component.append(open_.pop())
                        is_open[component[-1]] = 0
                    yield component
