"""Schedules: cron entries, the ledger in the store, and calls of handlers."""
