"""Joins the concrete parts of one worker."""

from nexus.service.service import Service

__all__ = ["Service"]
