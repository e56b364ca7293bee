"""Checks the addresses to listen on, and the token of the runtime API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nexus.cli.doctor.finding import Finding, error, ok
from nexus.config import Settings
from nexus.config.admin_token import VARIABLE, read_admin_token
from nexus.errors import ConfigError
from nexus.server.start.address import check_addresses


def check_ports(settings: Settings) -> Iterator[Finding]:
    """Try to listen where the server would."""
    for name, address in (
        ("bind", settings.bind),
        ("management_bind", settings.management_bind),
    ):
        host, _, port = address.rpartition(":")
        if not port.isdecimal() or address.startswith("unix:"):
            continue
        try:
            check_addresses([(host.strip("[]"), int(port))])
        except ConfigError as wrong:
            found = wrong.problems[0].removeprefix("bind: ").partition("; allowed")[0]
            yield error(name, found, f"stop what listens there, or set {name}")
        else:
            yield ok(name, f"{address} is free")


def check_token(environ: Mapping[str, str]) -> Finding:
    """Check the admin token, which turns the runtime API on."""
    try:
        token = read_admin_token(environ)
    except ConfigError as wrong:
        return error("runtime API", wrong.problems[0], "set one good token")
    if token is None:
        return ok("runtime API", f"off; {VARIABLE} turns /v1 on")
    return ok("runtime API", "on, by the admin token")
