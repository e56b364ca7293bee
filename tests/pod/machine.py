"""Trees of files that stand for a machine, as its kernel would show them to a process."""

from __future__ import annotations

from pathlib import Path

V2_MOUNT = "24 18 0:22 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
V2 = "sys/fs/cgroup/"


def v1_mount(controllers: str, root: str = "/", point: str = "") -> str:
    """One line of mountinfo."""
    point = point or f"/sys/fs/cgroup/{controllers}"
    return f"30 24 0:26 {root} {point} rw,nosuid shared:9 - cgroup cgroup rw,{controllers}\n"


def machine(root: Path, files: dict[str, str]) -> Path:
    """Write *files* (path below the root -> text) under *root*; a machine of 8 CPUs and 16 GiB."""
    usual = {"sys/devices/system/cpu/online": "0-7\n", "proc/meminfo": "MemTotal: 16777216 kB\n"}
    for name, text in {**usual, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def v2_machine(root: Path, group: str, files: dict[str, str]) -> Path:
    """A machine with version 2 alone; *files* are relative to its mount point."""
    return machine(
        root,
        {
            "proc/self/cgroup": f"0::{group}\n",
            "proc/self/mountinfo": V2_MOUNT,
            **{V2 + name: text for name, text in files.items()},
        },
    )
