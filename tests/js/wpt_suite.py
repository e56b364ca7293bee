"""The web platform tests, from Debian's source package of nodejs, which carries a part of them.

They are fetched once, into pytest's cache folder, with apt-get and the machine's own Debian
sources. Where that cannot be done the tests are skipped, and say why.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

APT_SOURCES = (Path("/etc/apt/sources.list"), Path("/etc/apt/sources.list.d"))
WANTED = "*/test/fixtures/wpt/*"
PARTS_ABOVE = 4  # nodejs-VERSION/test/fixtures/wpt

# The suite changes with the standards; the expectations of our tests hold for this state of it.
URL_TESTS_COMMIT = "c4726447f3bad1c71244fb99c98738ff0354a034"

APT_TIMEOUT_S = 120


class SuiteUnavailable(Exception):
    """The web platform tests cannot be had on this machine."""


def install(cache: Path) -> Path:
    """Give the folder that holds the suite, after fetching it if *cache* has none.

    Raises: SuiteUnavailable with the reason.
    """
    suite = cache / "wpt"
    if not suite.exists():
        if not shutil.which("apt-get"):
            raise SuiteUnavailable("the suite comes with apt-get, which this machine lacks")
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            _extract(_download(Path(scratch)), Path(scratch) / "wpt").replace(suite)
    commit = json.loads((suite / "versions.json").read_text())["url"]["commit"]
    if commit != URL_TESTS_COMMIT:
        raise SuiteUnavailable(f"the suite is of another time: its url tests are of {commit}")
    return suite


def _source_lines() -> str:
    """The machine's Debian sources, asked for source packages."""
    files = [file for path in APT_SOURCES for file in ([path] if path.is_file() else _list(path))]
    stanzas = [stanza for file in files for stanza in re.split(r"\n\s*\n", file.read_text())]
    deb822 = [
        re.sub(r"(?m)^Types:.*", "Types: deb-src", stanza)
        for stanza in stanzas
        if re.search(r"(?m)^URIs:.*/debian/?\s*$", stanza)
    ]
    one_line = [
        f"Types: deb-src\nURIs: {uri}\nSuites: {suite}\nComponents: main"
        for stanza in stanzas
        for uri, suite in re.findall(r"(?m)^deb (?:\[.*\] )?(\S*/debian/?) (\S+)", stanza)
    ]
    return "\n\n".join(deb822 + one_line)


def _list(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.sources"), *folder.glob("*.list")])


def _download(scratch: Path) -> Path:
    sources = _source_lines()
    if not sources:
        raise SuiteUnavailable("the suite comes from Debian, which is not among apt's sources")
    (scratch / "parts").mkdir()
    (scratch / "lists" / "partial").mkdir(parents=True)
    (scratch / "parts" / "debian.sources").write_text(sources + "\n")
    _apt_get(scratch, "update")
    _apt_get(scratch, "source", "--download-only", "nodejs")
    return max(scratch.glob("nodejs_*.orig.tar.*"), key=lambda path: path.stat().st_size)


def _apt_get(scratch: Path, *command: str) -> None:
    options = {
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": str(scratch / "parts"),
        "Dir::State::lists": str(scratch / "lists"),
        "Dir::Cache": str(scratch / "cache"),
        "APT::Sandbox::User": "root",
        "Acquire::http::Timeout": "20",
    }
    (scratch / "cache" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    try:
        subprocess.run(
            ["apt-get", "-qq", *words, *command],
            cwd=scratch,
            check=True,
            capture_output=True,
            text=True,
            timeout=APT_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        raise SuiteUnavailable(f"apt-get {command[0]} took over {APT_TIMEOUT_S} s") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip().splitlines() or ["nothing"]
        raise SuiteUnavailable(f"apt-get {command[0]} failed and said: {said[-1]}") from None


def _extract(archive: Path, target: Path) -> Path:
    target.mkdir()
    strip = f"--strip-components={PARTS_ABOVE}"
    subprocess.run(
        ["tar", "-xf", archive, "-C", target, strip, "--wildcards", WANTED], check=True, timeout=60
    )
    return target
