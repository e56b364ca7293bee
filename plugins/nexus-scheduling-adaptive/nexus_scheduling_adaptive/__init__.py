"""The scheduling policy `adaptive` for Nexus."""

from nexus_scheduling_adaptive.policy import Adaptive

__all__ = ["Adaptive"]
