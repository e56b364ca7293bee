"""A snapshot's memory as a sealed memfd, which all instances of a process map."""

from __future__ import annotations

import fcntl
import mmap
import os

from nexus.model import Snapshot

_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL


class SnapshotImage:
    """A memfd with a snapshot's memory. Its seals forbid every change, even to its length."""

    def __init__(self, memory: bytes | memoryview) -> None:
        """Raises: OSError where the kernel has no memfd, or no room for it."""
        self.fd = os.memfd_create("nexus-snapshot", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            left = memoryview(memory)
            while left:
                left = left[os.write(self.fd, left) :]
            fcntl.fcntl(self.fd, fcntl.F_ADD_SEALS, _SEALS)
            mapped = mmap.mmap(self.fd, len(memory), mmap.MAP_PRIVATE, mmap.PROT_READ)
        except BaseException:
            os.close(self.fd)
            raise
        self.view = memoryview(mapped)

    def __del__(self) -> None:
        fd = self.__dict__.get("fd")
        if fd is not None and "view" in self.__dict__:
            os.close(fd)


def shared(snapshot: Snapshot) -> Snapshot:
    """Return *snapshot* with its memory in an image that instances can map; unchanged if it has no
    memory or no image can be made."""
    if not snapshot.memory or snapshot.image is not None:
        return snapshot
    try:
        image = SnapshotImage(snapshot.memory)
    except (OSError, AttributeError):  # for example not Linux: instances are copied
        return snapshot
    return Snapshot(image.view, snapshot.globals, image)
