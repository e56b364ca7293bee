"""What happens once, when a handler is loaded: modules, and what is wrong with them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from nexus.compiler import prepare
from nexus.compiler.cache import ArtifactCache
from nexus.compiler.compiler import Compiler, CompilerLimits
from nexus.errors import CompilationError
from nexus.model import Compiled
from tests.support import ABIS

from .support import LIMITS, Scripts

OK = 'export default () => new Response("");'


def test_modules_import_each_other(scripts: Scripts) -> None:
    handler = scripts.handler(
        {
            "shop/index.js": 'import { a } from "./lib/a.js"; import data from "./data.json";'
            'const late = await import("./late.js");'
            "export default () => Response.json([a(), data, late.v, import.meta.url])",
            "shop/lib/a.js": 'import { b } from "./b.js"; export const a = () => b; '
            "export const one = 1;",
            "shop/lib/b.js": 'import { one } from "./a.js"; export let b = "b"; '
            "export const c = () => one;",
            "shop/data.json": '{"k": [1]}',
            "shop/late.js": 'export const v = "late";',
        }
    )
    answer = json.loads(scripts.fetch(handler).body)
    assert answer == ["b", {"k": [1]}, "late", "file://shop/index.js"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (
            "export default {\n  fetch() {\n    return (1\n  }\n}",
            "hello.js:4:3: SyntaxError: Unexpected token '}'\n4 |   }\n      ^",
        ),
        ("const x = 1;\nnull.foo;\n" + OK, "hello.js:2:1: TypeError: cannot read property 'foo'"),
        ("throw 7;" + OK, "7"),
        ("Object.prototype.toJSON = () => 'x'; throw 7;" + OK, "an error that cannot be read"),
        (
            "Object.prototype.toJSON = () => 5; await new Promise((r) => setTimeout(r, 1));" + OK,
            "due at no time",
        ),
        ("export const a = 1", "hello.js: needs a default export that is a function"),
        ("export default 5", "needs a default export"),
        (
            'import "./gone.js";' + OK,
            "hello.js:1:8: cannot import './gone.js': there is no file gone.js below",
        ),
        ('\nimport a from "./a";' + OK, "hello.js:2:15: cannot import './a': name the whole file"),
        (
            'import * as std from "qjs:std";' + OK,
            "hello.js:1:22: cannot import 'qjs:std': a handler",
        ),
        (
            'const a = 1;\nimport _ from "lodash";' + OK,
            "hello.js:2:15: the package 'lodash' is not part of the handler; bundle it, for "
            "example with `npx esbuild hello.js --bundle --format=esm --conditions=worker "
            "--external:node:* --outfile=bundled.js`\n"
            '2 | import _ from "lodash";',
        ),
        ('await import("lodash");' + OK, "hello.js:1:14: the package 'lodash'"),
        (
            'import "https://esm.sh/x";' + OK,
            "hello.js:1:8: cannot import 'https://esm",
        ),
        ('Promise.reject(new Error("early"));' + OK, "hello.js:1:20: Error: early"),
        ("const a = []; for (;;) a.push(new Uint8Array(1e5));" + OK, "out of memory"),
        ("await new Promise(() => {});" + OK, "waits for a promise that nothing can settle"),
        ("const id = crypto.randomUUID();" + OK, "crypto needs a request: one snapshot serves all"),
    ],
)
def test_a_handler_that_does_not_load(scripts: Scripts, source: str, words: str) -> None:
    with pytest.raises(CompilationError) as caught:
        scripts.handler(source)
    assert words in str(caught.value)


def test_loading_has_an_end(scripts: Scripts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "PREPARE_S", 0.2)
    with pytest.raises(CompilationError, match=r"while it was loaded: (used more|not finished)"):
        scripts.handler("for (;;) {}" + OK)


def test_an_error_in_an_imported_file_is_located_there(scripts: Scripts) -> None:
    with pytest.raises(CompilationError, match=r"^lib/x.js:2:\d+: SyntaxError"):
        scripts.handler({"a.js": 'import "./lib/x.js";' + OK, "lib/x.js": "\nlet let = ;"})


def test_nothing_can_be_imported_later(scripts: Scripts) -> None:
    names = ["std", "os", "bjson", "qjs:std", "qjs:os", "./other.js", "/etc/passwd"]
    handler = scripts.handler(
        f"export default async () => {{ const got = []; for (const n of {names!r})"
        "{ try { await import(n); got.push(n) } catch {} } return Response.json(got) }"
    )
    assert json.loads(scripts.fetch(handler).body) == []


def test_contexts(scripts: Scripts) -> None:
    handler = scripts.handler(
        "export default ({ args }) => ({ sum: args.a + $args.b, state: $state, scope: $scope })",
        capabilities=("state:read:*",),
    )
    context = '{"state": {"n": 1}, "args": {"a": 1, "b": 2}, "scope": ["x"]}'
    expected = {"sum": 3, "state": {"n": 1}, "scope": ["x"]}
    assert scripts.evaluate(handler, context) == expected
    assert scripts.evaluate(handler, '{"args": {"a": "x", "b": "y"}}')["sum"] == "xy"


def test_few_instructions_a_request(scripts: Scripts) -> None:
    """A hello takes some 400,000; a garbage collection in every request would be 600,000 more."""
    handler = scripts.handler('export default () => new Response("hi")')
    scripts.fetch(handler)
    scripts.fetch(handler)
    assert scripts.last.usage.instructions < 1_000_000


def test_handlers_share_the_engines_code(scripts: Scripts, tmp_path: Path) -> None:
    """3.5 MB with LLVM, which was once kept for each of them; gone with the last."""
    cache = ArtifactCache(tmp_path, lambda _: None)
    limits = CompilerLimits(timeout_s=60.0, memory_bytes=2 << 30)
    compiler = Compiler(scripts.engine, cache, tmp_path, limits, lambda *_: None, ABIS)
    pages = LIMITS.memory_bytes >> 16
    runtime = ABIS.named("js").runtime()
    assert runtime is not None
    key = compiler.module_key(runtime, pages)
    cache.get_or_make(key, Compiled, lambda: replace(scripts.runtime, key=key))
    paths = [tmp_path / "a.js", tmp_path / "b.js"]
    for path in paths:
        path.write_text(OK)
    first, second = (compiler.compile(path, LIMITS.memory_bytes) for path in paths)
    assert first.artifact is second.artifact
    assert first.artifact == scripts.runtime.artifact
    assert list(compiler._runtimes) == [key]
    del first, second
    assert list(compiler._runtimes) == []
