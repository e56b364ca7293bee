"""The handler's files, which a guest reads but cannot change.

They lie in the guest's memory, as a tree below `/`, where `open` and functions of `os`
find them before they ask WASI, which has the files of the standard library and those
of the manifest.
"""

import builtins
import errno
import io
import os
import stat
import sys
import time

PACKAGES = "site-packages"
_READ_ONLY = "a handler can write files in /tmp only, and only if its manifest has scratch_mb"


class Packed:
    """A file's content as the host compressed it: most files of packages are never read."""

    __slots__ = ("_content", "_size")

    def __init__(self, content, size):
        self._content, self._size = content, size

    def __len__(self):
        return self._size

    def read(self):
        import zlib

        return zlib.decompress(self._content, bufsize=self._size)


class Tree:
    """Files by their path below `/`, without a slash in front."""

    def __init__(self, files):
        self.files = files
        """path -> its content, as bytes or packed"""
        self.folders = {"": {}}  # path -> names in it, in order
        self.made = time.time()
        self.current, self.current_is_own = "/", False
        """the current folder, and whether WASI does not have it"""
        for path in files:
            while path:
                path, _, name = path.rpartition("/")
                self.folders.setdefault(path, {})[name] = None

    def path(self, given):
        """Return the path of a file or folder here; None for a descriptor or another place."""
        if isinstance(given, int) or not given:
            return None
        try:
            path = os.path.normpath(os.path.join(self.current, os.fsdecode(given)))
        except TypeError:
            return None
        path = path.lstrip("/")
        return path if path in self.files or path in self.folders else None

    def read(self, path):
        content = self.files[path]
        return content.read() if type(content) is Packed else content

    def outside(self, given):
        """Return the path by which WASI knows the file or folder *given*."""
        if self.current_is_own and given and not isinstance(given, int):
            return os.path.join(self.current, os.fsdecode(given))
        return given

    def is_folder(self, path):
        return path in self.folders

    def status(self, path):
        """Return what `os.stat` returns."""
        size = len(self.files.get(path, b""))
        mode = stat.S_IFDIR | 0o555 if self.is_folder(path) else stat.S_IFREG | 0o444
        inode = hash(path) & 0x7FFFFFFF
        made = int(self.made)
        return os.stat_result((mode, inode, 1, 1, 0, 0, size, made, made, made))


class _Content(io.BytesIO):
    """An open file."""

    def __init__(self, content, name):
        super().__init__(content)
        self.name, self.mode = name, "rb"

    def writable(self):
        return False

    def write(self, content):
        raise io.UnsupportedOperation("not writable")

    truncate = writelines = write


class _Null(_Content):
    """The open file /dev/null."""

    def writable(self):
        return True

    def write(self, content):
        return memoryview(content).nbytes

    def truncate(self, size=None):
        return 0

    def writelines(self, lines):
        for line in lines:
            self.write(line)


class _Entry:
    """One name of a folder, as `os.scandir` yields it."""

    def __init__(self, tree, path, folder, name):
        self._tree, self._path = tree, path
        self.name, self.path = name, os.path.join(folder, name)

    def __fspath__(self):
        return self.path

    def is_dir(self, *, follow_symlinks=True):
        return self._tree.is_folder(self._path)

    def is_file(self, *, follow_symlinks=True):
        return not self._tree.is_folder(self._path)

    def is_symlink(self):
        return False

    is_junction = is_symlink

    def stat(self, *, follow_symlinks=True):
        return self._tree.status(self._path)

    def inode(self):
        return self.stat().st_ino


class _Entries(list):
    """The names of a folder; closes as `os.scandir`'s iterator does."""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def __next__(self):
        if not self:
            raise StopIteration
        return self.pop(0)

    def close(self):
        self.clear()


def install(tree):
    """Make `open` and the functions of `os` find the files of *tree*."""
    real_open, real_stat = io.open, os.stat
    real_listdir, real_scandir = os.listdir, os.scandir
    real_access, real_chdir = os.access, os.chdir
    real_getcwd = os.getcwd

    def open(
        file,
        mode="r",
        buffering=-1,
        encoding=None,
        errors=None,
        newline=None,
        closefd=True,
        opener=None,
    ):
        path = tree.path(file)
        writes = isinstance(mode, str) and set(mode) & set("wax+")
        if path is None and file == os.devnull:
            return as_asked(_Null(b"", file), mode, encoding, errors, newline)
        if path is None:
            named = tree.outside(file)
            try:
                return real_open(named, mode, buffering, encoding, errors, newline, closefd, opener)
            except OSError:
                if writes and "tmp" not in others("/"):
                    raise OSError(errno.EROFS, _READ_ONLY, file) from None
                raise
        if writes:
            raise OSError(errno.EROFS, _READ_ONLY, file)
        if tree.is_folder(path):
            raise IsADirectoryError(errno.EISDIR, "Is a directory", file)
        return as_asked(_Content(tree.read(path), file), mode, encoding, errors, newline)

    def as_asked(content, mode, encoding, errors, newline):
        return content if "b" in mode else io.TextIOWrapper(content, encoding, errors, newline)

    def stat(path, *, dir_fd=None, follow_symlinks=True):
        here = tree.path(path)
        if here is not None:
            return tree.status(here)
        return real_stat(tree.outside(path), dir_fd=dir_fd, follow_symlinks=follow_symlinks)

    def lstat(path, *, dir_fd=None):
        return stat(path, dir_fd=dir_fd, follow_symlinks=False)

    def access(path, mode, *, dir_fd=None, effective_ids=False, follow_symlinks=True):
        here = tree.path(path)
        if here is None:
            return real_access(tree.outside(path), mode)
        return not mode & (os.W_OK if tree.is_folder(here) else os.W_OK | os.X_OK)

    def chdir(path):
        here = folder(path)
        if here is None or not here:
            real_chdir(os.path.normpath(os.path.join(tree.current, path)))
            tree.current, tree.current_is_own = real_getcwd(), False
        else:
            tree.current, tree.current_is_own = f"/{here}", True

    def folder(path):
        here = tree.path(path)
        if here is not None and not tree.is_folder(here):
            raise NotADirectoryError(errno.ENOTDIR, "Not a directory", path)
        return here

    def others(path, listing=real_listdir):
        """Return what *listing* finds in a folder of the tree's: WASI's files there."""
        try:
            return list(listing(tree.outside(path)))
        except OSError:
            return []

    def listdir(path="."):
        here = folder(path)
        if here is None:
            return real_listdir(tree.outside(path))
        return list(tree.folders[here] | dict.fromkeys(others(path)))

    def scandir(path="."):
        here = folder(path)
        if here is None:
            return real_scandir(tree.outside(path))
        shown = os.fspath(path)
        prefix, names = f"{here}/" if here else "", tree.folders[here]
        found = _Entries(_Entry(tree, prefix + n, shown, n) for n in names)
        found += [entry for entry in others(path, real_scandir) if entry.name not in names]
        return found

    builtins.open = io.open = open
    if "tokenize" in sys.modules:
        # It reads source for `inspect`, by the `open` that it found when it was imported.
        sys.modules["tokenize"]._builtin_open = open
    os.stat, os.lstat, os.listdir, os.scandir = stat, lstat, listdir, scandir
    os.access, os.chdir, os.getcwd = access, chdir, lambda: tree.current
    sys.path += ["/", f"/{PACKAGES}"]
