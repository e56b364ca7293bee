"""Kills servers with SIGKILL at random points of a deploy, and checks what is left.

    python -m tests.versions.kill_rounds --rounds 200 --store postgresql

After each round the old version serves or the new one, whole, and the new one if its deploy was
acknowledged; at the end the store has every version that was acknowledged, byte for byte. With a
shared store a second server stays alive, and must come to serve the same.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from tests.e2e.conftest import Server, serving, until
from tests.e2e.test_versions import call
from tests.versions.stores.test_two_servers import STORES, deploy

WHOLE_EVERY = 10
"""each so many rounds the whole server dies, not its workers alone"""


class Rounds:
    """Servers on one store, of which the first is killed again and again."""

    def __init__(self, stack: ExitStack, scratch: Path, store: str, seed: int) -> None:
        self._stack, self._scratch = stack, scratch
        self._random = random.Random(seed)
        self._environ = {
            "NEXUS_ADMIN_TOKEN": "secret",
            "NEXUS_CACHE_DIR": str(scratch / "cache"),
            "NEXUS_WORKERS": "1",
            "NEXUS_MAX_VERSIONS": "1000",
        }
        if store != "sqlite":
            _, url, own = STORES[store](stack)
            self._environ |= {"NEXUS_VERSION_STORE": url, **own}
        self._victim = self._start("victim")
        self._witness = None if store == "sqlite" else self._start("witness")
        self._takes_s = 0.3
        self._last = 0
        self.acknowledged: dict[str, str] = {}
        """the texts of versions whose deploys were answered, by their ids"""
        self.ended: Counter[str] = Counter()

    def first(self) -> None:
        """Deploy what the first round would replace."""
        began = time.monotonic()
        self._acknowledge(deploy(self._victim, "n0"), "n0")
        self._takes_s = time.monotonic() - began

    def round(self, number: int) -> None:
        """Kill the server somewhere within a deploy; check what is left."""
        answered: list[bool] = []

        def put() -> None:
            with suppress(OSError):  # the server was killed
                began = time.monotonic()
                self._acknowledge(deploy(self._victim, f"n{number}"), f"n{number}")
                answered.append(True)
                self._takes_s = time.monotonic() - began

        thread = threading.Thread(target=put)
        thread.start()
        thread.join(self._random.random() * self._takes_s * 1.2)
        self._kill(whole=number % WHOLE_EVERY == 0)
        thread.join()
        found = self._serving()
        allowed = {number} if answered else {self._last, number}
        assert found in allowed, f"n{found} serves, expected one of {allowed}"
        kind = "acknowledged" if answered else "old" if found == self._last else "new"
        self.ended[kind] += 1
        if kind == "old":  # so that the kills stay around the end of a deploy, however busy it is
            self._takes_s *= 1.1
        self._last = found

    def check_all(self) -> None:
        """Check that nothing that was acknowledged is lost, and that all of it still serves."""
        listed = json.loads(call(self._victim, "GET", "/v1/handlers/hello/versions").body)
        ids = [version["id"] for version in listed["versions"]]
        assert len(ids) == len(set(ids)), "an id was given twice"
        lost = self.acknowledged.keys() - set(ids)
        assert not lost, f"lost: {sorted(lost)}"
        for id, text in self.acknowledged.items():
            whole = _texts(call(self._victim, "GET", f"/v1/handlers/hello/versions/{id}").body)
            assert any(f"`{text} " in file for file in whole), f"{id} has other files"
            assert any(f'"{text}"' in file for file in whole), f"{id} has other files"

    # ---- inside -----------------------------------------------------------------------------

    def _start(self, name: str) -> Server:
        folder = self._scratch / name
        (folder / "handlers").mkdir(parents=True, exist_ok=True)
        state = {"NEXUS_STATE_DIR": str(folder / "state")}
        made = serving(folder / "handlers", folder, **self._environ, **state)
        return self._stack.enter_context(made)

    def _kill(self, *, whole: bool) -> None:
        workers = self._victim.workers()
        if whole:
            self._victim.process.kill()
        for pid in workers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if whole:
            self._victim.process.wait()
            self._victim = self._start("victim")
        until(self._answers)

    def _serving(self) -> int:
        """Return the number of the version that serves, as the store and all servers say it."""
        listed = json.loads(call(self._victim, "GET", "/v1/handlers/hello/versions").body)
        serving_now = [version["id"] for version in listed["versions"] if version["weight"]]
        assert list(listed["weights"].values()) == [100], listed["weights"]
        path = f"/v1/handlers/hello/versions/{serving_now[0]}"
        text = next(
            file for file in _texts(call(self._victim, "GET", path).body) if "export const" in file
        )
        number = int(text.split('"n')[1].split('"')[0])
        expected = b"n%d n%d" % (number, number)
        for server in (self._victim, self._witness):
            if server is not None:
                until(lambda: server.get("/hello").body == expected)  # noqa: B023
        return number

    def _answers(self) -> bool:
        with suppress(OSError):
            return self._victim.get("/readyz").status == 200
        return False

    def _acknowledge(self, answer: Any, text: str) -> None:
        if answer.status in (200, 201):
            self.acknowledged[json.loads(answer.body)["id"]] = text


def _texts(shown: bytes) -> list[str]:
    return [file["text"] for file in json.loads(shown)["files"]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--store", choices=["sqlite", *STORES], default="sqlite")
    parser.add_argument("--seed", type=int, default=18)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nexus-kill-") as scratch, ExitStack() as stack:
        rounds = Rounds(stack, Path(scratch), given.store, given.seed)
        rounds.first()
        for number in range(1, given.rounds + 1):
            rounds.round(number)
            if number % 20 == 0:
                print(f"{number} rounds: {dict(rounds.ended)}", flush=True)
        rounds.check_all()
    print(
        f"{given.store}: {given.rounds} rounds, {dict(rounds.ended)}; "
        f"{len(rounds.acknowledged)} versions acknowledged, none lost, none half"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
