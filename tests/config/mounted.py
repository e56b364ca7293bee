"""A folder of settings as Kubernetes mounts it, which `swap` changes as the kubelet does."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


class Mounted:
    """Visible names link to `..data/NAME`; `..data` links to a folder that is swapped whole."""

    def __init__(self, folder: Path, **texts: str) -> None:
        self.path = folder
        folder.mkdir(exist_ok=True)
        self._version = 0
        self.swap(**texts)

    def swap(self, **texts: str) -> None:
        """Have exactly the files *texts*, from one moment to the next."""
        old = self.path / f"..version_{self._version}"
        self._version += 1
        new = self.path / f"..version_{self._version}"
        new.mkdir()
        for name, text in texts.items():
            (new / name).write_text(text)
        os.symlink(new.name, self.path / "..data_tmp")
        os.replace(self.path / "..data_tmp", self.path / "..data")
        visible = {path.name for path in self.path.iterdir() if not path.name.startswith("..")}
        for name in texts.keys() - visible:
            os.symlink(f"..data/{name}", self.path / name)
        for name in visible - texts.keys():
            (self.path / name).unlink()
        shutil.rmtree(old, ignore_errors=True)
