"""Admission: who may run now, who waits in which order, who is turned away."""

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
