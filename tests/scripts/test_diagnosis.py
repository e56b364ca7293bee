"""What the log says when a handler's JavaScript goes wrong."""

from __future__ import annotations

import base64
import json

import pytest

from nexus.errors import CompilationError

from .support import Scripts

FETCH = "export default { async fetch() {\n%s\n} };"
FINE = 'return new Response("fine");'


def test_unhandled_rejections_are_logged_with_their_stacks(scripts: Scripts) -> None:
    body = 'Promise.reject(new Error("first"));\n(async () => { throw new TypeError("second") })();'
    handler = scripts.handler(FETCH % (body + FINE))
    assert scripts.fetch(handler).body == b"fine"
    first, second = scripts.log().split("<3>")[1:]
    assert first == "Uncaught (in promise) Error: first\n<+>    at fetch (hello.js:2:20)\n"
    assert second.startswith(
        "Uncaught (in promise) TypeError: second\n<+>    at <anonymous> (hello."
    )
    assert "nexus:" not in scripts.log()


def test_handled_rejections_are_not(scripts: Scripts) -> None:
    body = (
        "const late = Promise.reject(1); await 0; late.catch(() => {});"
        "await Promise.allSettled([Promise.reject(2)]); try { await Promise.reject(3) } catch {}"
        "const stream = new ReadableStream({ start(c) { c.error(new Error('x')) } });"
        "try { await stream.getReader().read() } catch {}"
        "try { await new Response(new ReadableStream({ pull() { throw 4 } })).text() } catch {}"
        "AbortSignal.abort(); new AbortController().abort();"
    )
    handler = scripts.handler(FETCH % (body + FINE))
    assert scripts.fetch(handler).body == b"fine"
    assert scripts.log() == ""


def test_rejections_of_a_timer_are_logged(scripts: Scripts) -> None:
    body = (
        "setTimeout(async () => { throw 'in a timer' }, 0);"
        "await new Promise((go) => setTimeout(go, 2));"
    )
    scripts.fetch(scripts.handler(FETCH % (body + FINE)))
    assert scripts.log() == "<3>Uncaught (in promise) in a timer\n"


def test_each_request_logs_its_own(scripts: Scripts) -> None:
    handler = scripts.handler(FETCH % ("Promise.reject(5);" + FINE))
    for _ in range(3):
        scripts.fetch(handler)
        assert scripts.log() == "<3>Uncaught (in promise) 5\n"


def test_many_rejections_end(scripts: Scripts) -> None:
    handler = scripts.handler(FETCH % ("for (let i = 0; i < 1e4; i++) Promise.reject(i);" + FINE))
    assert scripts.fetch(handler).body == b"fine"
    assert 1 < scripts.log().count("Uncaught") < 100


@pytest.mark.parametrize(
    ("thrown", "shown"),
    [
        ('"text"', "text"),
        ("{ code: 5, why: ['a'] }", '{ code: 5, why: ["a"] }'),
        ("null", "null"),
        ("undefined", "undefined"),
        ("Symbol('s')", "Symbol(s)"),
        ("10n", "10n"),
        ("new Map([[1, 2]])", "Map(1) { 1 => 2 }"),
        ("{ get a() { throw 1 }, toString() { throw 2 } }", "{ a: [Getter], toString: [Function"),
    ],
)
def test_a_thrown_value_is_shown(scripts: Scripts, thrown: str, shown: str) -> None:
    error = scripts.failure(scripts.handler(FETCH % f"throw {thrown};"))
    assert str(error).startswith(f"Uncaught {shown}")
    assert scripts.log().startswith(f"<3>Uncaught {shown}")


def test_causes_are_logged(scripts: Scripts) -> None:
    body = (
        'try { JSON.parse("{") } catch (cause) {\n'
        'const outer = new TypeError("middle", { cause });\n'
        'throw new Error("bad config", { cause: outer }); }'
    )
    scripts.failure(scripts.handler(FETCH % body))
    log = scripts.log()
    assert log.startswith("<3>Uncaught Error: bad config\n<+>    at fetch (hello.js:4:")
    assert "\n<+>Caused by: TypeError: middle\n<+>    at fetch (hello.js:3:" in log
    assert "cause: SyntaxError: " in log
    assert log.count("<3>") == 1


def test_errors_of_an_aggregate_are_logged(scripts: Scripts) -> None:
    body = 'throw new AggregateError([new TypeError("x"), 5], "many");'
    scripts.failure(scripts.handler(FETCH % body))
    assert "<+>Error 1: TypeError: x\n" in scripts.log()
    assert "<+>Error 2: 5\n" in scripts.log()


def test_random_numbers_while_loading(scripts: Scripts) -> None:
    """The snapshot keeps what was drawn; each request draws anew."""
    handler = scripts.handler(
        "const early = Math.random();"
        "export default () => Response.json([early, Math.random(), Math.random()])"
    )
    first, second = (json.loads(scripts.fetch(handler).body) for _ in range(2))
    assert first[0] == second[0]
    assert len({*first, *second}) == 5
    assert all(0 <= value < 1 for value in first)


# `npx esbuild src/main.ts --bundle --minify --format=esm --sourcemap` of two files.
BUNDLED = """\
function r(e){return{name:{}[e].name}}var t={async fetch(e){\
return console.error(new Error("logged").stack),Promise.reject(new Error("floating")),\
Response.json(r(7))}};export{t as default};
"""
MAP = {
    "version": 3,
    "sources": ["../src/db.ts", "../src/main.ts"],
    "mappings": "AAEO,SAASA,EAAKC,EAAkB,CAGrC,MAAO,CAAE,KAF2B,CAAC,EAEhBA,CAAE,EAAE"
    ",IAAK,CAChC,CCJA,IAAOC,EAAQ,CACb,MAAM,MAAMC,EAAqC,CAC/C,eAAQ,MAAM,"
    "IAAI,MAAM,QAAQ,EAAE,KAAK,EACvC,QAAQ,OAAO,IAAI,MAAM,UAAU,CAAC,EAC7B"
    ",SAAS,KAAKC,EAAK,CAAC,CAAC,CAC9B,CACF",
}


def test_stacks_name_the_files_that_a_bundle_was_made_from(scripts: Scripts) -> None:
    files = {
        "hello.js": BUNDLED + "//# sourceMappingURL=hello.js.map\n",
        "hello.js.map": json.dumps(MAP),
    }
    error = scripts.failure(scripts.handler(files))
    logged, floating, thrown = scripts.log().split("<3>")[1:]
    assert logged.startswith("Error: logged\n<+>    at fetch (../src/main.ts:5:23)\n")
    assert floating.startswith(
        "Uncaught (in promise) Error: floating\n<+>    at fetch (../src/main.ts:6:24)"
    )
    places = "    at r (../src/db.ts:6:24)\n<+>    at fetch (../src/main.ts:7:21)\n"
    assert thrown.endswith(places)
    assert error.stack.endswith(places.replace("<+>", "").rstrip())


def test_an_error_of_loading_names_the_original_file(scripts: Scripts) -> None:
    whole = {
        "version": 3,
        "sources": ["../src/load.ts"],
        "sourcesContent": ["type T = 1;\n  throw Error('early');\n"],
        "mappings": "AACE",
    }
    data = base64.b64encode(json.dumps(whole).encode()).decode()
    code = "throw Error('early');\n//# sourceMappingURL=data:application/json;base64,"
    with pytest.raises(CompilationError) as caught:
        scripts.handler(code + data)
    shown = "../src/load.ts:2:3: Error: early\n2 |   throw Error('early');\n      ^"
    assert str(caught.value) == shown
