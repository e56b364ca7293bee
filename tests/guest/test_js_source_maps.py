"""Source maps of JavaScript handlers: found, decoded, and applied to texts."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from nexus.guest.js.source_maps.decode import BadMap, decode
from nexus.guest.js.source_maps.places import Places, read_places, unpack
from nexus.guest.js.source_maps.separate import separate
from nexus.guest.js.sources import MAX_BYTES, list_files, read_bundle

# By hand: three segments in line 1, at columns 1, 5 (with a name) and 7, and two in line 2.
MAPPINGS = "AAAO,IAAMA,EAAI;AACjB,MAAM,MAAM"


def source_map(**fields: Any) -> bytes:
    whole = {"version": 3, "sources": ["../src/m.ts"], "mappings": MAPPINGS, **fields}
    return json.dumps(whole).encode()


def places(**fields: Any) -> Places:
    return read_places({"lib/m.js": source_map(**fields)})


@pytest.mark.parametrize(
    ("line", "column", "original"),
    [
        (1, 1, ("src/m.ts", 1, 8)),
        (1, 4, ("src/m.ts", 1, 8)),
        (1, 5, ("src/m.ts", 1, 14)),
        (1, 99, ("src/m.ts", 1, 18)),
        (2, 1, ("src/m.ts", 2, 1)),
        (2, 7, ("src/m.ts", 2, 7)),
        (3, 1, None),
        (0, 1, None),
    ],
)
def test_a_place_has_an_original(line: int, column: int, original: object) -> None:
    for found in (places(), unpack(places().pack())):
        place = found.original("lib/m.js", line, column)
        assert (place and tuple(place)[:3]) == original
    assert places().original("other.js", 1, 1) is None


def test_places_in_a_text_are_replaced() -> None:
    found = unpack(places().pack())
    text = "at f (lib/m.js:2:7)\nat my-lib/m.js:2:7 and lib/m.js:99:1 and lib/m.js:2"
    assert found.translate(text) == text.replace("(lib/m.js:2:7", "(src/m.ts:2:7")


@pytest.mark.parametrize(
    ("fields", "file"),
    [
        ({"sourceRoot": "/root/"}, "/root/../src/m.ts"),
        ({"sourceRoot": "https://x/y"}, "https://x/y/../src/m.ts"),
        ({"sources": ["webpack:///./m.ts"]}, "webpack:///./m.ts"),
        ({"sources": [None]}, "lib/m.js"),
    ],
)
def test_sources_are_named_from_the_handlers_folder(fields: dict[str, Any], file: str) -> None:
    place = places(**fields).original("lib/m.js", 1, 1)
    assert place is not None
    assert place.file == file


def test_a_map_in_sections() -> None:
    part = json.loads(source_map())
    offsets = [{"line": 0, "column": 0}, {"line": 4, "column": 10}]
    sections = [{"offset": offset, "map": part} for offset in offsets]
    found = read_places({"m.js": json.dumps({"version": 3, "sections": sections}).encode()})
    lines = {at: found.original("m.js", *at) for at in [(2, 7), (5, 11), (5, 10), (6, 7)]}
    assert [place and place[1:3] for place in lines.values()] == [(2, 7), (1, 8), None, (2, 7)]


def test_segments_without_a_source_are_nowhere() -> None:
    found = places(mappings="AAAA,IACA,I,IACC")
    originals = [found.original("lib/m.js", 1, column) for column in (1, 5, 9, 13)]
    assert [place and place[1:3] for place in originals] == [(1, 1), (2, 1), None, (3, 2)]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"{", "it is not JSON: Expecting property name"),
        (b"[]", "it is not a JSON object"),
        (b"{}", "its version is None; allowed: 3"),
        (source_map(version=4), "its version is 4; allowed: 3"),
        (source_map(sources=3), "its fields are wrong: TypeError"),
        (source_map(mappings="AA*A"), "its mappings are not base64 VLQ: '*'"),
        (source_map(mappings="gggggggggA"), "its mappings are not base64 VLQ: 'g'"),
        (source_map(mappings="ACAA"), "names no source"),
        (source_map(mappings="DAAA"), "a segment lies outside its file"),
        (source_map(mappings="AAggggggEA"), "its fields are wrong: OverflowError"),
        (source_map(mappings="A," * 101), "it has more than 100 segments"),
        (b"[" * 100_000, "RecursionError"),
    ],
)
def test_a_wrong_map_is_named_where_it_is_missed(
    content: bytes, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nexus.guest.js.source_maps.decode.MAX_SEGMENTS", 100)
    with pytest.raises(BadMap):
        decode(content, "m.js")
    found = unpack(read_places({"m.js": content}).pack())
    assert found.translate("nothing") == "nothing"
    line, note = found.translate("at f (m.js:1:2)").split("\n")
    assert line == "at f (m.js:1:2)"
    assert note.startswith("(the source map of m.js is left out: ")
    assert why in note


def test_maps_are_taken_apart_from_the_code() -> None:
    data = base64.b64encode(source_map()).decode()
    files = {
        "a.js": f"a;\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,{data}\n",
        "lib/b.js": "b;\n//# sourceMappingURL=../maps/b%20b.js.map",
        "maps/b b.js.map": "{}",
        "c.js": "const at = '//# sourceMappingURL=data:application/json,{}';\nc;",
        "d.js": "//# sourceMappingURL=gone.js.map\n",
        "e.js": "//@ sourceMappingURL=data:application/json,%7B%7D\n",
        "f.js": "//# sourceMappingURL=data:application/json;base64,***\n",
    }
    code, maps = separate({name: text.encode() for name, text in files.items()})
    assert maps == {
        "a.js": source_map(),
        "lib/b.js": b"{}",
        "e.js": b"{}",
        "f.js": b"not base64",
    }
    assert set(code) == {"a.js", "lib/b.js", "c.js", "d.js", "e.js", "f.js"}
    assert code["a.js"] == b"a;\n"
    assert code["c.js"] == files["c.js"].encode()


def test_a_map_beside_its_file_belongs_to_the_handler(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("//# sourceMappingURL=a.js.map\n")
    assert list_files(tmp_path / "a.js") == [tmp_path / "a.js", tmp_path / "a.js.map"]
    (tmp_path / "a.js.map").write_bytes(b" " * MAX_BYTES)  # does not count
    assert set(read_bundle(tmp_path / "a.js").files) == {"a.js", "a.js.map"}
    for url in ("/etc/a.map", "../../a.map", "https://x/a.map", "a.txt"):
        (tmp_path / "a.js").write_text(f"//# sourceMappingURL={url}\n")
        assert list_files(tmp_path / "a.js") == [tmp_path / "a.js"]
