"""The scheduling policy `fair` for Nexus."""

from nexus_scheduling_fair.policy import FairShare

__all__ = ["FairShare"]
