"""Passes gunicorn's own messages to our log. gunicorn's access log stays off: Nexus writes one.

The setting `logconfig_dict` could do the same, but it switches gunicorn's access log on: gunicorn
then spends 60 µs on some thirty fields for every request, and discards them.
"""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger


class NexusLogger(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Passes messages on to the root logger, which `nexus.logs` sets up."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in list(self.error_log.handlers):
            self.error_log.removeHandler(handler)
        self.error_log.propagate = True
