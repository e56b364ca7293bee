"""Which way handlers are set up: part of a snapshot's key."""

from __future__ import annotations

from typing import Final

SETUP_VERSION: Final = 4
"""raise it when `setup.py` leaves another state than before"""
