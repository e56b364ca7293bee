"""The files that `nexus new` writes, by language. `@NAME@`, `@FILE@` and the like stand for words
that `command.py` fills in."""

from __future__ import annotations

from dataclasses import dataclass

_PYTHON = '''\
"""A handler for Nexus: it answers at @ROUTE@ and everything below it."""

def fetch(request):
    name = request.query.get("name", "you")
    return f"hello {name}\\n"
'''

_JAVASCRIPT = """\
// A handler for Nexus: it answers at @ROUTE@ and everything below it.

export default {
  async fetch(request, env) {
    const name = new URL(request.url).searchParams.get("name") ?? "you";
    return new Response(`hello ${name}\\n`);
  },
};
"""

_TYPESCRIPT = """\
// A handler for Nexus: it answers at @ROUTE@ and everything below it.

interface Env {
  [name: string]: string;
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const name: string = new URL(request.url).searchParams.get("name") ?? "you";
    return new Response(`hello ${name}\\n`);
  },
};
"""

_C = r"""/* A handler for Nexus: it answers at @ROUTE@ and everything below it, by CGI/1.1.
 *
 * To compile it:
 *   @BUILD@
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
    const char *query = getenv("QUERY_STRING");
    const char *name = "you";
    if (query != NULL && strncmp(query, "name=", 5) == 0)
        name = query + 5;
    printf("Content-Type: text/plain; charset=utf-8\n\nhello %s\n", name);
    return 0;
}
"""

_RUST = r"""// A handler for Nexus: it answers at @ROUTE@ and everything below it, by CGI/1.1.
//
// To compile it (once: rustup target add wasm32-wasip1):
//   @BUILD@

use std::env;

fn main() {
    let query = env::var("QUERY_STRING").unwrap_or_default();
    let name = query.strip_prefix("name=").unwrap_or("you");
    print!("Content-Type: text/plain; charset=utf-8\n\nhello {name}\n");
}
"""

MANIFEST = """\
# The handler's options; docs/configuration.md has them all. Any line may be left out.
route = "@ROUTE@"
methods = ["GET", "HEAD"]
timeout_ms = 1000
"""

TEST = '''\
"""The handler @NAME@, run as a server would run it, but without one."""

import subprocess
import sys
from pathlib import Path

NEXUS = Path(sys.executable).with_name("nexus")
HANDLER = Path(__file__).parents[1] / "@FILE@"


def answer(*arguments):
    """Return the response to one request: its head, and its body."""
    command = [NEXUS, "run", HANDLER, *arguments]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    head, _, body = ended.stdout.partition("\\n\\n")
    return head, body


def test_it_greets():
    head, body = answer("--path", "/?name=ann")
    assert head.startswith("HTTP/1.1 200 OK")
    assert body == "hello ann\\n"


def test_it_greets_anybody():
    _, body = answer()
    assert body == "hello you\\n"
'''


@dataclass(frozen=True)
class Language:
    """The files that `nexus new` writes in one language."""

    title: str
    source: str
    suffix: str
    build: str = ""
    """the command that makes the handler from its source, which then lies outside of the handlers
    folder; empty: the source is the handler"""
    prepare: str = ""
    """the command without which handlers in this language do not start"""
    prepared: str = "compile the language runtime"
    """what that command does"""


LANGUAGES = {
    "python": Language("Python", _PYTHON, ".py", prepare="nexus prepare --language python"),
    "js": Language("JavaScript", _JAVASCRIPT, ".js"),
    "ts": Language(
        "TypeScript",
        _TYPESCRIPT,
        ".ts",
        prepare="pip install 'nexus-runtime[typescript]'",
        prepared="what finds the types, to take them out",
    ),
    "c": Language(
        "C",
        _C,
        ".c",
        "python -m ziglang cc -target wasm32-wasi -Os -s @SOURCE@ -o @MODULE@",
    ),
    "rust": Language(
        "Rust",
        _RUST,
        ".rs",
        "rustc --target wasm32-wasip1 -O -o @MODULE@ @SOURCE@",
    ),
}
