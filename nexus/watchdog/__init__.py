"""One daemon thread, one heap of deadlines; cancels what is late, notices what does not react."""

from nexus.watchdog.watchdog import Watch, Watchdog

__all__ = ["Watch", "Watchdog"]
