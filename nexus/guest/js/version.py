"""The version of handler set-up, part of a snapshot's key."""

from __future__ import annotations

from typing import Final

SETUP_VERSION: Final = 14
"""increase it whenever `setup.py` leaves a different state"""
