"""Decides which functions must count their depth, and which calls must pass it.

Only a call graph with cycles can get deep, so functions in a cycle count each frame. All others lie
on paths that pass each of them at most once; if such a path has over `MAX_CHAIN` of them, the rest
count too. So, whatever a guest does, its native stack holds only the counted frames and up to
`MAX_CHAIN` more.

An indirect call may reach every function of its type that is in a table or a `ref.func`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

MAX_CHAIN = 16
"""Limit on the uncounted frames on a stack"""


@dataclass(slots=True)
class Calls:
    """The calls of one function: functions by index, without imported ones, and types."""

    functions: set[int] = field(default_factory=set)
    types: set[int] = field(default_factory=set)


@dataclass(slots=True)
class CallGraph:
    """Facts about calls. Nodes are functions and, behind them, types of indirect calls, both by
    their places."""

    counted: set[int]
    """functions that must count their frames"""
    component: list[int]
    """the cycle of each node; nodes with the same number may call one another"""
    enters_counted: list[bool]
    """for each node, whether calling it enters a counted function at once"""
    reaches_counted: list[bool]
    """for each node, whether calling it may reach a counted function"""


def analyse(calls: Sequence[Calls], targets: Sequence[Iterable[int]]) -> CallGraph:
    """Find the cycles, and the functions that must count.

    *targets* are the functions that an indirect call of each type may reach. A function or type is
    identified by its place in the two sequences.
    """
    count = len(calls)
    edges = [[*c.functions, *(count + t for t in c.types)] for c in calls]
    edges += [list(reached) for reached in targets]
    chain = [0] * len(edges)
    """most uncounted frames from here on; functions in a cycle count theirs"""
    graph = CallGraph(set(), [0] * len(edges), [False] * len(edges), [False] * len(edges))
    for number, nodes in enumerate(_components(edges)):
        below = max([chain[to] for node in nodes for to in edges[node]], default=0)
        first = nodes[0]
        recurs = len(nodes) > 1 or first in edges[first]
        if recurs or below >= MAX_CHAIN:
            graph.counted.update(node for node in nodes if node < count)
        elif first < count:
            below += 1
        reaches = any(graph.reaches_counted[to] for node in nodes for to in edges[node])
        for node in nodes:
            chain[node] = below
            graph.component[node] = number
            graph.reaches_counted[node] = reaches or recurs or node in graph.counted
    for node, targets_of in enumerate(edges):
        reached = (node,) if node < count else targets_of
        graph.enters_counted[node] = not graph.counted.isdisjoint(reached)
    return graph


def _components(edges: Sequence[Sequence[int]]) -> Iterable[list[int]]:
    """Yield the strongly connected components, callees before callers (Tarjan 1972)."""
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
