"""The handler's files, which a guest reads but cannot change.

They lie in the guest's memory, as a tree below `/`, where `open`, `os.stat`, `os.listdir` and
`os.scandir` find them before they ask WASI, which has the files of the standard library and those
of the manifest.
"""

import builtins
import errno
import importlib
import io
import os
import stat
import sys
import time
import types

MAIN = "handler"
"""module name of the handler's first file; tracebacks show the file's own name"""
PACKAGES = "site-packages"
_ROOTS = ("", f"{PACKAGES}/")
_READ_ONLY = "a handler can write files in /tmp only, and only if its manifest has scratch_mb"


class Tree:
    """Files by their path below `/`, without a slash in front."""

    def __init__(self, files):
        self.files = files
        self.folders = {"": {}}  # path -> names in it, in order
        self.made = time.time()
        for path in files:
            while path:
                path, _, name = path.rpartition("/")
                self.folders.setdefault(path, {})[name] = None

    def path(self, given):
        """Return the path of a file or folder here; None for a descriptor or another place."""
        if isinstance(given, int) or not given:
            return None
        try:
            path = os.path.normpath(os.path.join("/", os.fsdecode(given))).lstrip("/")
        except TypeError:
            return None
        return path if path in self.files or path in self.folders else None

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
        if path is None:
            try:
                return real_open(file, mode, buffering, encoding, errors, newline, closefd, opener)
            except OSError:
                if writes and "tmp" not in others("/"):
                    raise OSError(errno.EROFS, _READ_ONLY, file) from None
                raise
        if writes:
            raise OSError(errno.EROFS, _READ_ONLY, file)
        if tree.is_folder(path):
            raise IsADirectoryError(errno.EISDIR, "Is a directory", file)
        content = _Content(tree.files[path], file)
        return content if "b" in mode else io.TextIOWrapper(content, encoding, errors, newline)

    def stat(path, *, dir_fd=None, follow_symlinks=True):
        here = tree.path(path)
        if here is not None:
            return tree.status(here)
        return real_stat(path, dir_fd=dir_fd, follow_symlinks=follow_symlinks)

    def lstat(path, *, dir_fd=None):
        return stat(path, dir_fd=dir_fd, follow_symlinks=False)

    def folder(path):
        here = tree.path(path)
        if here is not None and not tree.is_folder(here):
            raise NotADirectoryError(errno.ENOTDIR, "Not a directory", path)
        return here

    def others(path, listing=real_listdir):
        """Return what *listing* finds in a folder of the tree's: WASI's files there."""
        try:
            return list(listing(path))
        except OSError:
            return []

    def listdir(path="."):
        here = folder(path)
        if here is None:
            return real_listdir(path)
        return list(tree.folders[here] | dict.fromkeys(others(path)))

    def scandir(path="."):
        here = folder(path)
        if here is None:
            return real_scandir(path)
        shown = os.fspath(path)
        prefix, names = f"{here}/" if here else "", tree.folders[here]
        found = _Entries(_Entry(tree, prefix + n, shown, n) for n in names)
        found += [entry for entry in others(path, real_scandir) if entry.name not in names]
        return found

    builtins.open = io.open = open
    os.stat, os.lstat, os.listdir, os.scandir = stat, lstat, listdir, scandir
    sys.path += ["/", f"/{PACKAGES}"]


_bootstrap = importlib._bootstrap  # `importlib.util`, which shows it, takes 7 ms to import


class Importer:
    """Imports the handler's own files, then those of its packages.

    Its base classes would be in `importlib.abc`, which imports 30 other modules.
    """

    def __init__(self, tree, main):
        self._tree, self._main = tree, main
        self.codes = []
        """code of the handler's own files that were imported"""

    def _file(self, name):
        if name == MAIN:
            return self._main
        path, files = name.replace(".", "/"), self._tree.files
        for root in _ROOTS:
            for file in (f"{root}{path}/__init__.py", f"{root}{path}.py"):
                if file in files:
                    return file
        return None

    def find_spec(self, name, path=None, target=None):
        if self._file(name) is not None:
            return _bootstrap.spec_from_loader(name, self)
        here = [root + name.replace(".", "/") for root in _ROOTS]
        folders = [f"/{folder}" for folder in here if folder in self._tree.folders]
        if not folders:
            return None
        spec = _bootstrap.ModuleSpec(name, None, is_package=True)  # a namespace package
        spec.submodule_search_locations.extend(folders)
        return spec

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        exec(self.get_code(module.__name__), module.__dict__)

    def get_filename(self, name):
        return self._file(name)

    def get_source(self, name):
        return importlib._bootstrap_external.decode_source(self._tree.files[self._file(name)])

    def get_code(self, name):
        file = self._file(name)
        code = compile(self._tree.files[file], file, "exec", dont_inherit=True)
        if not file.startswith(PACKAGES):
            self.codes.append(code)
        return code

    def get_data(self, path):
        return self._tree.files[self._tree.path(path)]

    def get_resource_reader(self, name):
        from importlib.readers import FileReader

        return FileReader(types.SimpleNamespace(path=f"/{self._file(name)}"))

    def is_package(self, name):
        return (self._file(name) or "").endswith("/__init__.py")
