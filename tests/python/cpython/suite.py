"""Runs test modules of CPython, each test in a request of its own: a test that ends the guest, or
leaves something behind, does not disturb the others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from nexus.errors import CompilationError, NexusError
from nexus.model import Files
from tests.python.expectations import Outcome
from tests.python.support import LIMITS, Pythons

MODULES = (
    *("test_json", "test_re", "test_datetime", "test_decimal", "test_collections"),
    *("test_itertools", "test_hashlib", "test_base64", "test_urlparse", "test_html"),
    *("test_htmlparser", "test_csv", "test_dataclasses"),
    *("test_asyncio.test_tasks", "test_asyncio.test_futures", "test_asyncio.test_queues"),
    *("test_asyncio.test_locks", "test_asyncio.test_taskgroups", "test_asyncio.test_timeouts"),
    *("test_asyncio.test_waitfor", "test_asyncio.test_runners"),
)
PATIENT = replace(LIMITS, timeout_s=120.0, cpu_timeout_s=60.0, max_host_calls=1_000_000)
SCRATCH = Files((), 8 << 20)
_SUPPORT = ("__init__.py", "support", "list_tests.py", "mapping_tests.py", "seq_tests.py")
_BESIDE = ("datetimetester.py", "re_tests.py", "decimaltestdata", "certdata")
_MAIN = """
import os, sys, unittest
from test import support

support.has_socket_support = True  # else no test of asyncio runs
MODULE = "test.%s"
if MODULE == "test.test_hashlib":
    support.use_resources = ()  # not "cpu": two tests hash 4 GiB each, which takes minutes

def flat(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flat(test)
        else:
            yield test

TESTS = list(flat(unittest.defaultTestLoader.loadTestsFromName(MODULE)))

def fetch(request):
    if request.method == "GET":
        return [test.id() for test in TESTS]
    os.chdir("/tmp")
    test, result = TESTS[int(request.query["n"])], unittest.TestResult()
    unittest.TestSuite([test]).run(result)
    wrong = [trace.strip().splitlines()[-1][:160] for _, trace in result.errors + result.failures]
    wrong += ["unexpected success"] * len(result.unexpectedSuccesses)
    return {"wrong": wrong, "skipped": [reason for _, reason in result.skipped]}
"""


def run_module(python: Pythons, tests: Path, module: str) -> Outcome:
    """Run the tests of *module*, from the folder *tests* of a CPython library."""
    outcome = Outcome()
    try:
        handler = python.handler(_files(tests, module), limits=PATIENT)
    except CompilationError as error:
        outcome.failed[module] = str(error).strip().splitlines()[-1]
        return outcome
    handler = replace(handler, files=SCRATCH)
    for number, name in enumerate(json.loads(python.fetch(handler).body)):
        query = {"REQUEST_METHOD": "POST", "QUERY_STRING": f"n={number}"}
        try:
            found = json.loads(python.fetch(handler, **query).body)
        except NexusError as error:
            outcome.failed[name] = f"{error.code}: {str(error)[:160]}"
            continue
        if found["wrong"]:
            outcome.failed[name] = re.sub("0x[0-9a-f]+", "0x...", found["wrong"][0])
        elif found["skipped"]:
            outcome.skipped[found["skipped"][0]] += 1
        else:
            outcome.passed += 1
    return outcome


def _files(tests: Path, module: str) -> dict[str, str | bytes]:
    """Return the files of a handler that runs *module*."""
    files: dict[str, str | bytes] = {"main.py": _MAIN % module}
    folder = module.partition(".")[0]
    for name in (*_SUPPORT, *_BESIDE, folder, f"{folder}.py"):
        for path in _below(tests / name):
            files[f"site-packages/test/{path.relative_to(tests).as_posix()}"] = path.read_bytes()
    pure = tests.parent / "_pydecimal.py"  # which the build lacks, and test_decimal compares with
    if module == "test_decimal" and pure.is_file():
        files["site-packages/_pydecimal.py"] = pure.read_bytes()
    return files


def _below(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (p for p in sorted(path.rglob("*")) if p.is_file() and p.suffix != ".pyc")
    elif path.is_file():
        yield path
