"""The control groups of this process: cgroup v1, v2, or both side by side (hybrid)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

ROOT = Path("/")


@dataclass(frozen=True)
class Group:
    """One control group, as the folder of its files."""

    path: str
    """path below the mount, such as `/kubepods/pod1`; `/` is the topmost group we can see"""
    folder: Path
    version: int
    """1 or 2"""

    def read(self, name: str) -> str | None:
        """Return the text of the group's file *name*; None if it cannot be read."""
        return read(self.folder / name)


@dataclass(frozen=True)
class _Mount:
    root: str
    point: str
    version: int
    controllers: frozenset[str]
    """the mount's controllers, for version 1; in version 2 a group's files show its controllers"""


def read(path: Path) -> str | None:
    """Return the text at *path*; None if it cannot be read (no such controller, no permission)."""
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return None


def groups(controller: str, root: Path = ROOT) -> list[Group]:
    """Return every group that limits this process through *controller* (`cpu`, `cpuset`,
    `memory`), innermost first, version 1 before version 2. *root*: the file system's root.
    """
    membership = _membership(read(root / "proc/self/cgroup") or "")
    found = []
    for mount in _mounts(read(root / "proc/self/mountinfo") or ""):
        if mount.version == 1 and controller not in mount.controllers:
            continue
        path = membership.get(controller if mount.version == 1 else "")
        if path is not None:
            found += _ancestry(mount, path, root)
    return sorted(found, key=lambda group: group.version)


def _ancestry(mount: _Mount, path: str, root: Path) -> list[Group]:
    """Yield the group at *path* and every group above it, up to the mount point."""
    below = _below(mount.root, path)
    top = root / mount.point.lstrip("/")
    return [
        Group(str(group), top / str(group).lstrip("/"), mount.version)
        for group in (below, *below.parents)
    ]


def _below(mount_root: str, path: str) -> PurePosixPath:
    """Return *path* relative to the mount.

    A container without a cgroup namespace sees its path from the machine's root, but only its own
    group is mounted: the mount's root is then the path, or part of it. A group elsewhere (`/../…`)
    cannot be seen: the mount point is the nearest visible group.
    """
    group = PurePosixPath(path)
    if ".." in group.parts:
        return PurePosixPath("/")
    try:
        return PurePosixPath("/") / group.relative_to(mount_root)
    except ValueError:
        return PurePosixPath("/")


def _membership(text: str) -> dict[str, str]:
    """Parse `/proc/self/cgroup`: controller -> path; the version 2 hierarchy is called ``""``."""
    found = {}
    for line in text.splitlines():
        number, _, rest = line.partition(":")
        controllers, colon, path = rest.partition(":")
        if colon and (controllers or number == "0"):
            found.update(dict.fromkeys(controllers.split(","), path))
    return found


def _mounts(text: str) -> list[_Mount]:
    """Return the cgroup mounts in `/proc/self/mountinfo` (proc(5) lists the fields)."""
    found = []
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        fields, kind = before.split(), after.split()
        if len(fields) < 5 or not kind or kind[0] not in ("cgroup", "cgroup2"):
            continue
        version = 1 if kind[0] == "cgroup" else 2
        controllers = frozenset(kind[-1].split(","))
        found.append(_Mount(_unescape(fields[3]), _unescape(fields[4]), version, controllers))
    return found


def _unescape(path: str) -> str:
    """Decode a path from the kernel, which writes a blank as `\\040`."""
    for code in ("\\040", "\\011", "\\012", "\\134"):
        path = path.replace(code, chr(int(code[1:], 8)))
    return path
