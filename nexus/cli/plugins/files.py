"""The files that `nexus new-plugin` writes: maps a path to its text, with `@MARKS@` for names."""

from __future__ import annotations

_SETUP_CFG = """\
[metadata]
name = @DISTRIBUTION@
version = 0.1.0
description = A plugin for Nexus: the scheduling policy @NAME@
long_description = file: README.md
long_description_content_type = text/markdown

[options]
packages = find:
python_requires = >=3.10
install_requires =
    nexus-runtime>=@NEXUS@

[options.packages.find]
include = @PACKAGE@*

[options.package_data]
@PACKAGE@ = py.typed

[options.extras_require]
test =
    pytest>=8.3

[options.entry_points]
nexus =
    @NAME@ = @PACKAGE@
"""

_PYPROJECT = """\
[build-system]
requires = ["setuptools>=70.1"]
build-backend = "setuptools.build_meta"
"""

_README = """\
# @DISTRIBUTION@

A plugin for Nexus. It adds the scheduling policy `@NAME@`: of the requests that wait, the newest
goes first.

    pip install @DISTRIBUTION@
    nexus plugins
    NEXUS_SCHEDULING_POLICY=@NAME@ nexus serve --handlers DIR

## Work on it

    pip install --editable '.[test]'
    python -m pytest tests
"""

_INIT = '''\
"""A Nexus plugin. The entry point in setup.cfg names this module; Nexus calls its hooks once, when
a worker starts."""

from __future__ import annotations

from collections.abc import Mapping

from nexus.plugin_api.hooks import hookimpl
from nexus.plugin_api.scheduling import PolicyFactory

from @PACKAGE@.policy import NewestFirst


@hookimpl
def nexus_scheduling_policies() -> Mapping[str, PolicyFactory]:
    return {"@NAME@": NewestFirst}
'''

_POLICY = '''\
"""The policy: under load the newest request goes first, since it is the likeliest to be still
waited for."""

from __future__ import annotations

from nexus.plugin_api.scheduling import PolicyBase, PolicyOptions, Ticket


class NewestFirst(PolicyBase):
    """Last come, first served. No locks: the admission queue has one."""

    def __init__(self, options: PolicyOptions | None = None) -> None:
        super().__init__(options or PolicyOptions())
        self._tickets: list[Ticket] = []

    def push(self, ticket: Ticket) -> None:
        self._tickets.append(ticket)

    def pop(self) -> Ticket | None:
        return self._tickets.pop() if self._tickets else None

    def remove(self, ticket: Ticket) -> None:
        self._tickets.remove(ticket)

    def __len__(self) -> int:
        return len(self._tickets)
'''

_TEST = '''\
"""The policy by itself, and as Nexus finds it."""

from __future__ import annotations

from nexus.plugins import load_plugins
from nexus.plugin_api.scheduling import Ticket

from @PACKAGE@.policy import NewestFirst


def test_the_newest_goes_first() -> None:
    policy = NewestFirst()
    first, second, third = (Ticket("handler", 0.0) for _ in range(3))
    for ticket in (first, second, third):
        policy.push(ticket)
    policy.remove(second)
    assert len(policy) == 2
    assert [policy.pop(), policy.pop(), policy.pop()] == [third, first, None]


def test_nexus_finds_it() -> None:
    assert load_plugins({}).scheduling_policies()["@NAME@"] is NewestFirst
'''

FILES = {
    "setup.cfg": _SETUP_CFG,
    "pyproject.toml": _PYPROJECT,
    "README.md": _README,
    "@PACKAGE@/__init__.py": _INIT,
    "@PACKAGE@/policy.py": _POLICY,
    "@PACKAGE@/py.typed": "",
    "tests/test_@TABLE@.py": _TEST,
}
