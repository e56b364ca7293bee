"""Runs the tests of packages from the package index, unchanged: the package and pytest lie in
`site-packages` as `nexus vendor` puts them there, the tests beside the handler. Each file of tests
runs in a request of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from nexus.errors import NexusError
from nexus.guest.python.wheels import vendor
from nexus.model import Files
from tests.python.expectations import Outcome
from tests.python.support import LIMITS, Pythons

PYTEST = "pytest==9.2.0"
PATIENT = replace(LIMITS, timeout_s=300.0, cpu_timeout_s=300.0, max_host_calls=1_000_000)
SCRATCH = Files((), 8 << 20)
_MAIN = """
import pytest

class Reports:
    def __init__(self):
        self.found = {}

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or not report.passed:
            self.found[report.nodeid] = report.outcome, last_line(report)

    def pytest_collectreport(self, report):
        if not report.passed:
            self.found[report.nodeid] = report.outcome, last_line(report)

def last_line(report):
    if report.passed:
        return ""
    if report.skipped:
        return report.wasxfail if hasattr(report, "wasxfail") else report.longrepr[2]
    crash = getattr(report.longrepr, "reprcrash", None)
    return (crash.message if crash else str(report.longrepr).splitlines()[-1]).splitlines()[0][:160]

def fetch(request):
    reports = Reports()
    without = [word for name in ("cacheprovider", "faulthandler", "terminal")
               for word in ("-p", f"no:{name}")]
    pytest.main(["-s", *without, "--rootdir=/", request.query["file"]], plugins=[reports])
    return reports.found
"""


@dataclass(frozen=True)
class Package:
    """A package whose source distribution has its tests."""

    version: str
    tests: str
    """the folder or file of the tests in the distribution"""
    needs: tuple[str, ...] = ()
    """what the tests import beside the package and pytest"""


PACKAGES = {
    "bottle": Package("0.13.4", "test"),
    "inflection": Package("0.5.1", "test_inflection.py"),
    "itsdangerous": Package("2.2.0", "tests", ("freezegun==1.5.5", "python-dateutil<3", "six")),
    "sqlparse": Package("0.6.1", "tests"),
}


def run_package(python: Pythons, name: str, folder: Path) -> Outcome:
    """Run the tests of the package *name*; *folder* keeps what is fetched."""
    package, outcome = PACKAGES[name], Outcome()
    files = _files(name, package, folder)
    handler = replace(python.handler({"main.py": _MAIN, **files}, limits=PATIENT), files=SCRATCH)
    for file in files:
        if file.startswith("site-packages") or not Path(file).name.startswith("test_"):
            continue
        if not file.endswith(".py"):
            continue
        try:
            found = json.loads(python.fetch(handler, QUERY_STRING=f"file={file}").body)
        except NexusError as error:
            outcome.failed[file] = f"{error.code}: {str(error)[:160]}"
            continue
        for test, (how, why) in found.items():
            if how == "failed":
                outcome.failed[test] = why
            elif how == "skipped":
                outcome.skipped[why] += 1
            else:
                outcome.passed += 1
    return outcome


def _files(name: str, package: Package, folder: Path) -> dict[str, bytes]:
    """Fetch *package*; return its files, its needs' and its tests, as a handler has them."""
    wanted, packages = folder / f"{name}.txt", folder / name / "site-packages"
    packages.parent.mkdir()
    wanted.write_text("\n".join((f"{name}=={package.version}", PYTEST, *package.needs)))
    vendor(wanted, packages)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", f"--no-binary={name}", "--dest", str(folder / name)]
    subprocess.run([*command, f"{name}=={package.version}"], check=True, stderr=subprocess.DEVNULL)
    (archive,) = (folder / name).glob("*.tar.gz")
    with tarfile.open(archive) as source:
        source.extractall(folder / name, filter="data")
    (root,) = (path for path in (folder / name).glob(f"{name}-*") if path.is_dir())
    return {
        **{
            f"site-packages/{path.relative_to(packages)}": path.read_bytes()
            for path in _below(packages)
        },
        **{str(path.relative_to(root)): path.read_bytes() for path in _below(root / package.tests)},
    }


def _below(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    yield from (found for found in sorted(path.rglob("*")) if found.is_file())
