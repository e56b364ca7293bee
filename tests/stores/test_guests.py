"""The key-value store as handlers in each language reach it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from nexus.model import ExecutionResult
from nexus.plugin_api.stores import MAX_VALUE_BYTES
from nexus.runtime import WasmRuntime
from nexus.service import Service
from tests.services import service_on

JS = "export default { async run({ args }, env) { const KV = env.KV; %s } };"
PYTHON = "import json, nexus\nfrom nexus import kv\n\ndef run(context):\n    %s"
MANIFEST = 'kv = ["self:rw", "orders:rw", "flags:r"]'
# Copies what it is told from memory at 64: key "hits", then sums and a value to stdout.
WAT = """(module
  (import "nexus" "kv_increment"
    (func $add (param i32 i32 i32 i32 i64 i64 i32) (result i32)))
  (import "nexus" "kv_put" (func $put (param i32 i32 i32 i32 i32 i32 i64) (result i32)))
  (import "nexus" "kv_get" (func $get (param i32 i32 i32 i32) (result i32)))
  (import "nexus" "kv_result" (func $result (param i32 i32) (result i32)))
  (import "nexus" "kv_list"
    (func $list (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "nexus" "kv_delete" (func $delete (param i32 i32 i32 i32) (result i32)))
  (import "nexus" "kv_compare_and_set"
    (func $swap (param i32 i32 i32 i32 i32 i32 i32 i32 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "hitsorders\\22v\\22[,]flags")
  (func $say (param i32 i32)
    (i32.store (i32.const 0) (local.get 0)) (i32.store (i32.const 4) (local.get 1))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))))
  (func $digit (param i32)
    (i32.store8 (i32.const 32) (i32.add (i32.const 48) (local.get 0)))
    (call $say (i32.const 32) (i32.const 1)))
  (func $comma (call $say (i32.const 78) (i32.const 1)))
  (func (export "_start")
    (call $say (i32.const 77) (i32.const 1))
    (call $digit (call $add (i32.const 0) (i32.const 0) (i32.const 64) (i32.const 4)
      (i64.const 7) (i64.const 0) (i32.const 40)))
    (call $comma) (call $digit (i32.load (i32.const 40))) (call $comma)
    (call $digit (call $put (i32.const 68) (i32.const 6) (i32.const 64) (i32.const 4)
      (i32.const 74) (i32.const 3) (i64.const 60000)))
    (call $comma)
    (drop (call $get (i32.const 68) (i32.const 6) (i32.const 64) (i32.const 4)))
    (call $say (i32.const 1024) (call $result (i32.const 1024) (i32.const 100)))
    (call $comma)
    (call $digit (call $swap (i32.const 68) (i32.const 6) (i32.const 64) (i32.const 4)
      (i32.const 74) (i32.const 3) (i32.const 0) (i32.const -1) (i64.const 0)))
    (call $comma)
    (call $digit (i32.sub (i32.const 0) (call $get (i32.const 68) (i32.const 6)
      (i32.const 64) (i32.const 4))))
    (call $comma)
    (call $digit (i32.sub (i32.const 0) (call $put (i32.const 80) (i32.const 5) (i32.const 64)
      (i32.const 4) (i32.const 74) (i32.const 3) (i64.const 0))))
    (call $comma)
    (drop (call $list (i32.const 0) (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 0)
      (i32.const 0) (i32.const 10)))
    (call $say (i32.const 1024) (call $result (i32.const 1024) (i32.const 200)))
    (call $comma)
    (call $digit (call $delete (i32.const 0) (i32.const 0) (i32.const 64) (i32.const 4)))
    (call $say (i32.const 79) (i32.const 1))))"""

Ask = Callable[..., ExecutionResult]


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def service(tmp_path: Path, registry: CollectorRegistry) -> Iterator[Service]:
    (tmp_path / "handlers").mkdir()
    with service_on(tmp_path / "handlers", tmp_path / "state", registry) as made:
        made.start_without_handlers()
        yield made


@pytest.fixture
def ask(service: Service) -> Ask:
    def ask(file: str, source: str, args: Any = None, manifest: str = MANIFEST) -> ExecutionResult:
        folder = service.settings.handlers_dir
        (folder / file).write_text(source)
        (folder / file).with_suffix(".toml").write_text(manifest)
        service.handlers.load_folder(folder)
        runtime = WasmRuntime.of(service)
        return runtime.execute_handler(file.partition(".")[0], {"args": args})

    return ask


def js(ask: Ask, body: str, args: Any = None, name: str = "a", **how: Any) -> Any:
    result = ask(f"{name}.js", JS % body, args, **how)
    assert result.status == "success", result.error
    return result.return_value


def py(ask: Ask, body: str, args: Any = None, name: str = "p", **how: Any) -> Any:
    result = ask(f"{name}.py", PYTHON % body.replace("\n", "\n    "), args, **how)
    assert result.status == "success", result.error
    return result.return_value


def test_javascript_reads_what_it_wrote(ask: Ask) -> None:
    body = """
      await KV.put("text", "é", { expirationTtl: 60 });
      await KV.put("json", JSON.stringify({ a: [1] }));
      await KV.put("bytes", new Uint8Array([0, 255, 10]).subarray(1));
      const before = await KV.get("text");
      await KV.delete("text");
      const listed = await KV.list({ prefix: "", limit: 1 });
      const rest = await KV.list({ cursor: listed.cursor });
      return [before, await KV.get("text"), await KV.get("json", "json"),
        [...new Uint8Array(await KV.get("bytes", { type: "arrayBuffer" }))],
        listed.keys, listed.list_complete, rest.keys.map((k) => k.name), rest.list_complete];
    """
    assert js(ask, body) == [
        *("é", None, {"a": [1]}, [255, 10]),
        *([{"name": "bytes"}], False, ["json"], True),
    ]


def test_javascript_counts_and_compares(ask: Ask) -> None:
    body = """
      const sums = [];
      for (const by of [undefined, 41, -50]) sums.push(await KV.increment("n", by));
      const swaps = [];
      for (const [old, next] of [[null, "a"], [null, "b"], ["x", "b"], ["a", null], ["a", "c"]])
        swaps.push(await KV.compareAndSet("k", old, next));
      return [sums, swaps, await KV.get("k")];
    """
    assert js(ask, body) == [[1, 42, -8], [True, False, False, True, False], None]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ('KV.put("k", { a: 1 })', "TypeError"),
        (f'KV.put("k", "x".repeat({MAX_VALUE_BYTES + 1}))', "RangeError"),
        ('KV.put("k", "v", { expirationTtl: 0 })', "RangeError"),
        ('KV.get("k", "stream")', "TypeError"),
        ('KV.get("")', "TypeError"),
        ('KV.get("x".repeat(513))', "TypeError"),
        ("KV.list({ limit: 1001 })", "TypeError"),
        ('KV.list({ cursor: "?" })', "TypeError"),
        ('KV.increment("k", 0.5)', "TypeError"),
        ('KV.put("k", "text").then(() => KV.increment("k"))', "TypeError"),
        ('KV.namespace("flags").put("k", "v")', "PermissionDenied"),
        ('KV.namespace("other").get("k")', "PermissionDenied"),
        ('KV.namespace("__proto__").get("k")', "PermissionDenied"),
    ],
)
def test_what_javascript_may_not_do_rejects(ask: Ask, call: str, error: str) -> None:
    body = f"try {{ await {call}; return 'done' }} catch (e) {{ return [e.name, e.message] }}"
    name, message = js(ask, body)
    assert name == error
    assert message


def test_the_largest_value_goes_in_and_out(ask: Ask) -> None:
    body = f"""
      const whole = "x".repeat({MAX_VALUE_BYTES});
      await KV.put("k", whole);
      const swapped = await KV.compareAndSet("k", whole, whole.replace("x", "y"));
      const found = await KV.get("k");
      return [swapped, found.length, found[0]];
    """
    assert js(ask, body) == [True, MAX_VALUE_BYTES, "y"]


def test_python_reads_counts_and_compares(ask: Ask) -> None:
    body = """
kv.put("text", "é", ttl=60)
kv.put("bytes", b"\\0\\xff\\n")
kv.put_json("json", {"a": [1]})
swaps = [kv.compare_and_set("k", *pair) for pair in ((None, "a"), (None, "b"), ("a", None))]
kv.delete("text")
def error(call):
    try:
        return call()
    except Exception as raised:
        return type(raised).__name__
return [kv.get("text"), kv.get_text("text", "no"), list(kv.get("bytes")), kv.get_json("json"),
    kv.increment("n", 5), swaps, list(kv.keys()), kv.list(limit=1)["list_complete"],
    error(lambda: kv.put("k", 5)), error(lambda: kv.get(5)), error(lambda: kv.put("k", "", ttl=0)),
    error(lambda: kv.namespace("flags").put("k", b"")), kv.namespace("flags").get("k")]
"""
    assert py(ask, body.strip()) == [
        *(None, "no", [0, 255, 10], {"a": [1]}, 5, [True, False, True]),
        *(["bytes", "json", "n"], False),
        *("TypeError", "TypeError", "ValueError", "PermissionDenied", None),
    ]


def test_webassembly_has_the_same(ask: Ask) -> None:
    result = ask("w.wat", WAT)
    assert result.status == "success", result.error
    listed = {"keys": [{"name": "hits"}], "list_complete": True}
    assert result.return_value == [0, 7, 0, "v", 1, 1, 2, listed, 0]


def test_namespaces_are_shared_by_name_and_own_ones_are_not(ask: Ask) -> None:
    write = 'await KV.put("k", "own a"); await KV.namespace("orders").put("k", "shared");'
    js(ask, write)
    read = 'return [await KV.get("k"), await KV.namespace("orders").get("k")]'
    assert js(ask, read, name="b", manifest='kv = ["self:r", "orders:r"]') == [None, "shared"]
    reading = 'return [kv.get_text("k"), kv.namespace("orders").get_text("k")]'
    assert py(ask, reading) == [None, "shared"]


def test_without_a_grant_there_is_nothing(ask: Ask) -> None:
    assert js(ask, "return [typeof KV, Object.keys(env)]", manifest="") == ["undefined", []]
    denied = ask("p.py", PYTHON % "return kv.get('k')", None, "")
    assert denied.error is not None
    assert denied.error["code"] == "PERMISSION_DENIED"


def test_an_uncaught_denial_has_its_own_code(ask: Ask) -> None:
    denied = ask("a.js", JS % 'await KV.namespace("flags").put("k", "v")')
    assert denied.error is not None
    assert denied.error["code"] == "PERMISSION_DENIED"


def test_a_store_that_is_away_says_so_and_the_guest_goes_on(ask: Ask, service: Service) -> None:
    service.settings.state_dir.write_text("a file, where a folder should be")
    body = "try { await KV.get('k') } catch (e) { return [e.name, e.message] }"
    name, message = js(ask, body)
    assert name == "StoreUnavailable"
    assert "kv.sqlite cannot be used" in message
    reading = (
        "try:\n    kv.get('k')\nexcept nexus.StoreUnavailable as error:\n    return str(error)"
    )
    assert "kv.sqlite" in py(ask, reading)


def test_a_namespace_that_is_full_says_so(ask: Ask, service: Service) -> None:
    object.__setattr__(service.parts.key_values.limits, "most_bytes", 100)
    body = "try { await KV.put('k', 'x'.repeat(100)) } catch (e) { return e.name }"
    assert js(ask, body) == "StoreFull"


def test_the_calls_are_counted(ask: Ask, service: Service, registry: CollectorRegistry) -> None:
    js(ask, 'await KV.put("k", "four"); await KV.get("k"); await KV.get("k"); await KV.list()')
    service.flush_metrics()
    text = generate_latest(registry).decode()
    for line in (
        'nexus_kv_operations_total{handler="a",operation="get",outcome="ok"} 2.0',
        'nexus_kv_operations_total{handler="a",operation="list",outcome="ok"} 1.0',
        'nexus_kv_bytes_total{direction="read",handler="a"} 8.0',
        'nexus_kv_bytes_total{direction="written",handler="a"} 4.0',
        'nexus_kv_seconds_total{handler="a",operation="put"}',
    ):
        assert line in text


def test_values_survive_the_service(ask: Ask, service: Service, tmp_path: Path) -> None:
    js(ask, 'await KV.put("k", "kept")')
    settings = service.settings
    again = Service(settings, None, environ={})
    again.start_with(settings.handlers_dir)
    try:
        (settings.handlers_dir / "a.js").write_text(JS % 'return KV.get("k")')
        again.handlers.load_folder(settings.handlers_dir)
        assert json.dumps(WasmRuntime.of(again).execute_handler("a", {}).return_value) == '"kept"'
    finally:
        again.stop(0.0)
