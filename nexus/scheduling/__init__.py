"""Admission: decides which requests run now, which wait in which order, and which are rejected.

admission.py    the bounded queue before the pool
concurrency.py  counts the executions of handlers with a limit of their own
tickets.py      makes the ticket of a waiting request: key, priority and weight
choice.py       makes the policy with a given name
policies/       the built-in policies; `fifo` is in nexus/plugin_api, for others to build on
ranked.py       tickets by rank: a heap that allows removing any ticket
"""

from nexus.plugin_api.scheduling import Policy, PolicyBase, PolicyFactory, PolicyOptions, Ticket
from nexus.scheduling.admission import Admission
from nexus.scheduling.choice import choose_policy, unknown_policy
from nexus.scheduling.policies import BUILT_IN, Fifo

__all__ = [
    "BUILT_IN",
    "Admission",
    "Fifo",
    "Policy",
    "PolicyBase",
    "PolicyFactory",
    "PolicyOptions",
    "Ticket",
    "choose_policy",
    "unknown_policy",
]
