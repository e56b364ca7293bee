"""What settings may say of which plugins decide: checked with all others, for one error."""

from __future__ import annotations

from nexus.config.stack import Checks
from nexus.engines import unfit_compiler, unknown_engine
from nexus.plugins import Plugins
from nexus.scheduling import unknown_policy


def checks_by(plugins: Plugins) -> Checks:
    """What `nexus.config.load` is to check by what *plugins* offer. Raises: ConfigError."""
    engines, policies = plugins.engines(), plugins.scheduling_policies()
    return {
        "engine": lambda values: unknown_engine(values["engine"], engines),
        "compiler": lambda values: unfit_compiler(values["engine"], values["compiler"], engines),
        "scheduling_policy": lambda values: unknown_policy(values["scheduling_policy"], policies),
    }
