"""An example program in each language, which the playground shows at first."""

from __future__ import annotations

from typing import Final

_JAVASCRIPT: Final = """\
export default {
  async fetch(request, env) {
    const name = new URL(request.url).searchParams.get("name") ?? "you";
    console.log("greeting", name);
    return new Response(`hello ${name}\\n`);
  },
};
"""
_TYPESCRIPT: Final = """\
interface Greeting {
  hello: string;
}

export default {
  async fetch(request: Request): Promise<Response> {
    const name = new URL(request.url).searchParams.get("name") ?? "you";
    const greeting: Greeting = { hello: name };
    return Response.json(greeting);
  },
};
"""
_PYTHON: Final = """\
def fetch(request):
    name = request.query.get("name", "you")
    print("greeting", name)
    return f"hello {name}\\n"
"""
_WAT: Final = """\
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "Content-Type: text/plain\\n\\nhello\\n")
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const 32))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
"""

LANGUAGES: Final = {
    "javascript": ("JavaScript", ".js", _JAVASCRIPT),
    "typescript": ("TypeScript", ".ts", _TYPESCRIPT),
    "python": ("Python", ".py", _PYTHON),
    "wat": ("WAT (WebAssembly text)", ".wat", _WAT),
}
"""Maps a language to its title, its suffix and its example."""
