"""`import text from "./x.txt" with { type: "text" }`: a file beside the handler as a string."""

from __future__ import annotations

from pathlib import Path

import pytest

from nexus.errors import GuestTrap, InvalidHandler
from nexus.guest.js.sources import list_files, read_bundle

from .support import Scripts

PAGE = 'a "quote", a \\, ü, \u2028 and\n  a second line\n'


def handler(folder: Path, source: str) -> dict[str, str]:
    (folder / "page.html").write_text(PAGE, encoding="utf-8")
    (folder / "hello.js").write_text(source, encoding="utf-8")
    bundle = read_bundle(folder / "hello.js")
    names = [bundle.entry, *(name for name in bundle.files if name != bundle.entry)]
    return {name: bundle.files[name].decode() for name in names}


@pytest.mark.parametrize(
    "clause", ['with { type: "text" }', "with{type:'text',}", 'with {\n  type: "text"\n}']
)
def test_a_file_is_a_string(scripts: Scripts, tmp_path: Path, clause: str) -> None:
    source = f'import page from "./page.html" {clause};\nexport default () => new Response(page);'
    files = handler(tmp_path, source)
    assert scripts.fetch(scripts.handler(files)).body == PAGE.encode()
    assert tmp_path / "page.html" in list_files(tmp_path / "hello.js")


def test_places_in_the_source_stay_what_they_were(scripts: Scripts, tmp_path: Path) -> None:
    source = (
        'import page from "./page.html" with {\n type: "text" }; const late = () => { nope(); };\n'
        "export default () => late(page);"
    )
    error = scripts.failure(scripts.handler(handler(tmp_path, source)))
    assert isinstance(error, GuestTrap)
    line = source.splitlines()[1]
    assert f"hello.js:2:{line.index('nope') + 1}" in error.stack


def test_a_file_with_bytes_beyond_utf_8(scripts: Scripts, tmp_path: Path) -> None:
    files = handler(
        tmp_path,
        'import page from "./x.bin" with { type: "text" };\n'
        "export default () => new Response(page);",
    )
    assert "x.bin" not in files, "it is missing yet"
    (tmp_path / "x.bin").write_bytes(b"a\xffb")
    bundle = read_bundle(tmp_path / "hello.js")
    assert bundle.files["x.bin"] == b'export default "a\\ufffdb";'


def test_code_is_not_text(tmp_path: Path) -> None:
    source = 'import code from "./other.js" with { type: "text" };'
    with pytest.raises(InvalidHandler, match=r"imports ./other.js as text; allowed: files that"):
        handler(tmp_path, source)
