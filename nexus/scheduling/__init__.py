"""Admission: which requests may run now, which wait in which order, which are rejected.

admission.py  the bounded queue before the pool
tickets.py    from a request that has to wait to its ticket: key, priority and weight
choice.py     from the name of a policy to the policy
policies/     the built-in policies; `fifo` is in nexus/plugin_api, for others to build on
ranked.py     tickets by rank: a heap that any ticket can be taken out of
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
