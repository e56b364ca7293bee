"""URLPattern; the expected values are those of the polyfill for browsers without it."""

from __future__ import annotations

import json
from pathlib import Path

from .support import Scripts

CASES = json.loads((Path(__file__).parent / "url_pattern_cases.json").read_text())
SETTING = """\
const COMPS = ["protocol","username","password","hostname","port","pathname","search","hash"];
const told = (work) => {
  try {
    const value = work();
    return typeof value === "string" ? value : JSON.stringify(value);
  } catch (e) { return `!${e.name}: ${e.message}`; }
};
"""


def test_patterns(scripts: Scripts) -> None:
    """A case that begins with `!` is an error of that name."""
    works = ",\n".join(f"() => ({expression})" for expression, _ in CASES)
    answer = "export default () => Response.json(works.map(told));"
    handler = scripts.handler(f"{SETTING}const works = [{works}];\n{answer}")
    found = json.loads(scripts.fetch(handler).body)
    wrong = [
        (expression, text, expected)
        for (expression, expected), text in zip(CASES, found, strict=True)
        if text != expected and not (expected[:1] == "!" and text.startswith(expected))
    ]
    assert wrong == []


def test_an_error_names_the_place(scripts: Scripts) -> None:
    source = """export default () => {
      try { new URLPattern({ pathname: "/a(" }) } catch (e) { return new Response(e.message) }
    }"""
    body = scripts.fetch(scripts.handler(source)).body
    assert body == b'The pattern "/a(" is not valid at position 2'
