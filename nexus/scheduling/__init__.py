"""Admission: who may run now, who waits, who is turned away."""

from nexus.scheduling.admission import Admission
from nexus.scheduling.policy import Fifo, Policy, Ticket

__all__ = ["Admission", "Fifo", "Policy", "Ticket"]
