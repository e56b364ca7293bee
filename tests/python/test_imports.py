"""What a set-up imports, and how modules of the standard library are adapted once imported."""

from __future__ import annotations

import json

from .support import Pythons


def test_set_up_imports_what_the_handler_needs(python: Pythons) -> None:
    source = """
import sys
def fetch(request):
    before = [name in sys.modules for name in ("colorsys", "a" "syncio", "random", "socket")]
    import colorsys
    return before
"""
    assert json.loads(python.fetch(python.handler(source)).body) == [True, False, False, False]
    asynchronous = source.replace("def fetch", "async def fetch")
    assert json.loads(python.fetch(python.handler(asynchronous)).body)[:2] == [True, True]


def test_a_form_with_a_file_imports_nothing(python: Pythons) -> None:
    source = """
import sys
def fetch(request):
    before = set(sys.modules)
    found = request.form()["f"].filename
    return [found, sorted(set(sys.modules) - before)]
"""
    body = b'--b\r\ncontent-disposition: form-data; name="f"; filename="a"\r\n\r\nx\r\n--b--\r\n'
    kind = {"CONTENT_TYPE": "multipart/form-data; boundary=b", "REQUEST_METHOD": "POST"}
    answer = python.fetch(python.handler(source), body, **kind)
    assert json.loads(answer.body) == ["a", []]


def test_only_the_module_itself_is_adapted(python: Pythons) -> None:
    source = """
import random, urllib.request, urllib.robotparser, zipfile
def fetch(request):
    loaders = {type(module.__spec__.loader).__name__ for module in (random, urllib.request)}
    return [hasattr(urllib.robotparser, "HTTPHandler"), sorted(loaders)]
"""
    assert json.loads(python.fetch(python.handler(source)).body) == [False, ["zipimporter"]]


def test_set_up_imports_the_codec_that_a_package_names(python: Pythons) -> None:
    source = """
import hosts, sys
def fetch(request):
    return ["encodings.idna" in sys.modules, hosts.ascii("a.b")]
"""
    package = 'def ascii(name):\n    return name.encode("idna").decode()\n'
    handler = python.handler({"main.py": source, "site-packages/hosts.py": package})
    assert json.loads(python.fetch(handler).body) == [True, "a.b"]
