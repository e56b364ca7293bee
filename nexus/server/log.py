"""gunicorn's own messages in our log; its access log off, since Nexus writes one.

By `logconfig_dict` the same could be said, but that switches gunicorn's access log on: it then
builds some thirty fields for every request, 60 µs of it, and throws them away.
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
