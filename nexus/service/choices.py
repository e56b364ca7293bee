"""Checks of settings that depend on plugins; `load` reports them with all other errors."""

from __future__ import annotations

from nexus.config.stack import Checks
from nexus.engines import unfit_compiler, unknown_engine
from nexus.plugins import Plugins
from nexus.scheduling import unknown_policy


def checks_by(plugins: Plugins) -> Checks:
    """Return the checks for `nexus.config.load`, by what *plugins* offer. Raises: ConfigError."""
    engines, policies = plugins.engines(), plugins.scheduling_policies()
    return {
        "engine": lambda values: unknown_engine(values["engine"], engines),
        "compiler": lambda values: unfit_compiler(values["engine"], values["compiler"], engines),
        "scheduling_policy": lambda values: unknown_policy(values["scheduling_policy"], policies),
    }
