"""TypeScript: types become spaces, what is more than a type is refused by name and line."""

from __future__ import annotations

import json
import sys

import pytest

from nexus.errors import CompilationError
from nexus.guest.js.typescript import blank_types

from .support import Scripts

HANDLER = """
import type { Env } from "./types.ts";
import { type Named, greet, Box } from "./lib.mts";
interface Answer { text: string; size?: number }
declare const VERSION: string;
type Maybe<T> = T extends string ? T : undefined;
function over(a: string): string;
function over(a: any) { return a as string; }
abstract class Base<T> { abstract kind(): string; protected readonly tags: T[] = []; x?: number }
class Own extends Base<string> implements Named {
  declare y: string;
  private static count: number = 0;
  name!: string;
  override kind(): string { return `own ${this.tags.length}`; }
}
const list = new Map<string, number>([["a", 1]]);
const generic = async <T,>(value: T): Promise<T> => value!;
export default {
  async fetch(this: unknown, request: Request, env?: Env): Promise<Response> {
    const { pathname }: { pathname: string } = new URL(request.url);
    let late!: number, text: string | undefined = over("é") as unknown as string
    ;[late] = [list.get("a")!];
    try { JSON.parse("{") } catch (e: unknown) { late += (e as Error) instanceof Error ? 1 : 0 }
    const answer = { text: greet(text!), size: late } satisfies Answer;
    const more = [await generic<number>(3), new Own().kind(), pathname, new Box(2).value];
    return Response.json([answer, ...more]);
  },
} satisfies ExportedHandler<Env>;
"""
LIB = """export interface Named { name: string }
export const greet = (
  name: string,
): string =>
  `hello ${name}`;
export class Box<T> { value: T; constructor(value: T) { this.value = value } }
"""


def test_a_handler_in_typescript(scripts: Scripts) -> None:
    files = {"hello.ts": HANDLER, "lib.mts": LIB, "types.ts": "export interface Env { A: string }"}
    found = json.loads(scripts.fetch(scripts.handler(files)).body)
    assert found == [{"text": "hello é", "size": 2}, 3, "own 0", "/hello", 2]


def test_errors_keep_their_places(scripts: Scripts) -> None:
    source = "const a: string = 'é';\nexport default (r: Request): void => { throw Error(a) }"
    scripts.failure(scripts.handler({"hello.ts": source}))
    column = source.split("\n")[1].index("a) }") + 1
    assert f"(hello.ts:2:{column})" in scripts.log()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("const a = 1;\n enum Color { Red }", "t.ts:2:2: an enum is more than a type"),
        ("const enum Color { Red }", "t.ts:1:1: an enum"),
        ("namespace N { export const a = 1 }", "t.ts:1:1: a namespace"),
        ("class A { constructor(private a: string) {} }", "t.ts:1:23: a parameter property"),
        ("class A { constructor(readonly a = 1) {} }", "t.ts:1:23: a parameter property"),
        ('import fs = require("fs");', "t.ts:1:8: import … = require(…)"),
        ("export = 5;", "t.ts:1:1: export ="),
        ("@sealed class A {}", "t.ts:1:1: a decorator"),
    ],
)
def test_what_is_more_than_a_type(source: str, words: str) -> None:
    with pytest.raises(CompilationError) as caught:
        blank_types("t.ts", source.encode())
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("source", "blanked"),
    [
        ("let a: string = b as any;", "let a         = b       ;"),
        ("a\ntype X = 1\n(b)", "a\n;         \n(b)"),
        ("const a = b as T\n(c)", "const a = b    ;\n(c)"),
        ("const f = (a): {\n} => a", "const f = (a    \n) => a"),
        ("const f = async <\nT>(a) => a", "const f = async (\n   a) => a"),
        ('import { type A, b } from "c";', 'import {         b } from "c";'),
        ("class A { private ['x'] = 1 }", "class A { ;       ['x'] = 1 }"),
        ("function f(this: T, a?: U) {}", "function f(         a    ) {}"),
        ("declare enum E { A }", ";                   "),
        ("x!.y![0]!", "x .y [0] "),
        ("const y = <T>x;", "const y =    x;"),
    ],
)
def test_types_become_spaces(source: str, blanked: str) -> None:
    assert blank_types("t.ts", source.encode()).decode() == blanked


def test_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tree_sitter", None)
    with pytest.raises(CompilationError, match=r"t.ts: .*nexus-runtime\[typescript\]"):
        blank_types("t.ts", b"let a: string;")
