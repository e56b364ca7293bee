"""Imports the handler's files and its packages from the tree of its files."""

import builtins
import importlib
import sys
import types

from nexus_files import PACKAGES

MAIN = "handler"
"""module name of the handler's first file; tracebacks show the file's own name"""
_bootstrap = importlib._bootstrap  # `importlib.util`, which shows it, takes 7 ms to import


class Importer:
    """Imports the handler's own files, then those of its packages.

    Its base classes would be in `importlib.abc`, which imports 30 other modules.
    """

    def __init__(self, tree, main):
        self._tree, self._main = tree, main
        self._searched, self._roots = None, ()
        self.codes = []
        """code of the handler's own files that were imported"""
        self.mentions_idna = False
        """whether an imported module names the codec for domain names; its tables take 11 ms"""

    def _file(self, name):
        if name == MAIN:
            return self._main
        path, files = name.replace(".", "/"), self._tree.files
        for root in self._folders():
            for file in (f"{root}{path}/__init__.py", f"{root}{path}.py"):
                if file in files:
                    return file
        return None

    def _folders(self):
        """Return the folders of the tree that `sys.path` names, with a slash behind each."""
        if sys.path != self._searched:
            self._searched = list(sys.path)
            here = [self._tree.path(entry) for entry in sys.path if isinstance(entry, str)]
            self._roots = [f"{path}/".lstrip("/") for path in here if path is not None]
        return self._roots

    def find_spec(self, name, path=None, target=None):
        if self._file(name) is not None:
            return _bootstrap.spec_from_loader(name, self)
        here = [root + name.replace(".", "/") for root in self._folders()]
        folders = [f"/{folder}" for folder in here if folder in self._tree.folders]
        if not folders:
            return None
        spec = _bootstrap.ModuleSpec(name, None, is_package=True)  # a namespace package
        spec.submodule_search_locations.extend(folders)
        return spec

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        """Run a module's code as a function's: CPython calls that without a new C frame, of which
        this build's stack of 512 KiB holds 60. Django's imports nest 30 deep."""
        names = module.__dict__
        names["__builtins__"] = builtins.__dict__  # as `exec` does
        types.FunctionType(self.get_code(module.__name__), names)()

    def get_filename(self, name):
        return f"/{self._file(name)}"

    def get_source(self, name):
        return importlib._bootstrap_external.decode_source(self._tree.read(self._file(name)))

    def get_code(self, name):
        file = self._file(name)
        source = self._tree.read(file)
        self.mentions_idna = self.mentions_idna or b'"idna"' in source
        code = compile(source, f"/{file}", "exec", dont_inherit=True)
        if not file.startswith(PACKAGES):
            self.codes.append(code)
        return code

    def get_data(self, path):
        return self._tree.read(self._tree.path(path))

    def get_resource_reader(self, name):
        from importlib.readers import FileReader

        return FileReader(types.SimpleNamespace(path=f"/{self._file(name)}"))

    def is_package(self, name):
        return (self._file(name) or "").endswith("/__init__.py")
