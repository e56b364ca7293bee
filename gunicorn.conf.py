"""`gunicorn` in this folder serves Nexus; all settings come from nexus.toml and NEXUS_*."""

from nexus.server.start.settings import *  # noqa: F403  the settings are module globals by gunicorn's design
