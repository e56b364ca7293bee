"""The values of secrets that manifests name, from files or from the environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from nexus.errors import ManifestError
from nexus.model.file_state import FileState, file_state

VARIABLE: Final = "NEXUS_SECRET_"
"""the beginning of the environment variables that hold secrets"""
MAX_BYTES: Final = 32 << 10
"""size of one secret, like that of a manifest's whole `env`"""

SecretsState: TypeAlias = "tuple[tuple[str, FileState], ...]"
"""the folder's files and their states"""


class Secrets:
    """Reads secrets by name, from a folder with one file for each, else from the environment.

    The file wins. Error messages never quote a value. Immutable; thread-safe.
    """

    def __init__(
        self, folder: Path | None = None, environ: Mapping[str, str] | None = None
    ) -> None:
        self._folder, self._environ = folder, environ or {}

    def state(self) -> SecretsState:
        """Return the state of the folder's files, which differs after a change."""
        if self._folder is None:
            return ()
        try:
            paths = sorted(self._folder.iterdir())
        except OSError:
            return ()
        # Kubernetes mounts a Secret's files as links into `..data`, which it exchanges as a whole.
        return tuple((path.name, file_state(path)) for path in paths if path.name[:1] != ".")

    def read(self, names: Iterable[str], manifest: str) -> dict[str, str]:
        """Return the values of *names*, which the file *manifest* lists.

        Raises: ManifestError with a line for each secret that is missing or unusable.
        """
        found: dict[str, str] = {}
        problems = []
        for name in names:
            try:
                found[name] = self._read(name)
            except ValueError as error:
                problems.append(f"{manifest}: secrets: {name}: {error}")
        if problems:
            raise ManifestError(problems)
        return found

    def _read(self, name: str) -> str:
        text = self._from_file(name)
        if text is None:
            text = self._environ.get(VARIABLE + name)
        if text is None:
            folder = "and secrets_dir is not set"
            if self._folder is not None:
                folder = f"and there is no file {self._folder / name}"
            raise ValueError(f"the environment has no {VARIABLE}{name}, {folder}")
        size = len(text.encode("utf-8", "surrogateescape"))
        if "\0" in text or size > MAX_BYTES:
            raise ValueError(
                f"found {size} bytes; allowed: text in UTF-8 without NUL, up to {MAX_BYTES} bytes"
            )
        return text

    def _from_file(self, name: str) -> str | None:
        """Return the file's text without the one line end that editors add; None if absent."""
        if self._folder is None:
            return None
        path = self._folder / name
        try:
            text = path.read_bytes().decode()
        except FileNotFoundError:
            return None
        except UnicodeDecodeError as error:
            raise ValueError(f"{path} is not text in UTF-8") from error
        except OSError as error:
            raise ValueError(f"cannot read {path}: {error.strerror}") from error
        return text.removesuffix("\n").removesuffix("\r")
