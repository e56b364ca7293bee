"""What `bench.dispatch` says of its measurements, and the chart that it draws."""

from __future__ import annotations

import json
import re
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench import dispatch, text, wsgi_servers
from bench.chart import Bar, bar_chart
from bench.load import Load, Post, measure
from bench.packages.cases import read_cases


def loads(*per_second: float) -> list[Load]:
    return [Load(rate, 1.0, 2.0) for rate in per_second]


def test_ratios_are_of_the_limit_in_the_same_round() -> None:
    """A slow round slows both: the ratio of the medians would be 0.75 here."""
    rounds = {dispatch.LIMIT: loads(100, 50, 200), "other": loads(50, 25, 150)}
    limit, other = dispatch._rows(rounds)
    assert (limit["of_limit"], other["of_limit"]) == (1.0, 0.5)
    assert other["requests_per_second"] == 50


def test_without_the_limit_there_is_no_ratio(capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = dispatch._rows({"other": loads(50)})
    assert row["of_limit"] is None
    dispatch._print([row])
    assert capsys.readouterr().out.splitlines()[1].split() == ["other", "-", "50", "1.0", "2.0"]


def test_the_limit_comes_first() -> None:
    assert next(iter(dispatch.CONTESTANTS)) == dispatch.LIMIT
    assert dispatch.CONTESTANTS[dispatch.LIMIT].server == "limit"
    known = {*wsgi_servers.SERVERS}
    assert {contestant.server for contestant in dispatch.CONTESTANTS.values()} <= known


def test_figures_that_were_kept_are_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = {dispatch.LIMIT: loads(200), "Nexus, <warm> & fast": loads(100)}
    kept, drawn = tmp_path / "kept.json", tmp_path / "drawn.svg"
    kept.write_text(json.dumps(dispatch._rows(rounds)))
    monkeypatch.setattr("sys.argv", ["dispatch", "--from", str(kept), "--svg", str(drawn)])
    dispatch.main()
    svg = ElementTree.fromstring(drawn.read_text())
    bars = [node for node in svg if node.tag.endswith("rect")]
    assert [bar.get("class") for bar in bars] == ["other", "own"]
    widths = [float(bar.get("width", "0")) for bar in bars]
    assert widths[1] == pytest.approx(widths[0] / 2, abs=0.1)
    assert "Nexus, <warm> & fast" in [node.text for node in svg]
    assert "100 (0.50)" in [node.text for node in svg]


def test_a_chart_without_bars_is_refused() -> None:
    for bars in ([], [Bar("a", -1.0, "a")]):
        with pytest.raises(ValueError, match="needs bars"):
            bar_chart("t", bars)


@pytest.mark.skipif(shutil.which("wrk") is None, reason="needs wrk")
def test_wrk_posts_any_body() -> None:
    """It reads its script as Lua, where a body's bytes must survive."""
    body = 'a "quoted"\n\\backslash\0 é'
    seen: list[tuple[str, bytes]] = []

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            seen.append(
                (self.headers["X-One"], self.rfile.read(int(self.headers["Content-Length"])))
            )
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/"
        load = measure(url, connections=1, seconds=1, post=Post(body, {"X-One": '1"'}))
        server.shutdown()
        thread.join()
    assert load.per_second > 0
    assert set(seen) == {('1"', body.encode())}


def test_text_that_ends_with_another_value_stops_the_benchmark() -> None:
    wrong = text.Contestant("wrong", "python", lambda source: 15)
    with pytest.raises(RuntimeError, match="wrong: 15 is not 14"):
        text.measured(wrong, 1, 0.1)
    row = text.measured(text.Contestant("right", "python", lambda source: 14), 3, 0.05)
    assert row.per_second > 100


def test_every_case_of_packages_names_their_versions() -> None:
    cases = read_cases([])
    assert len(cases) >= 80
    unpinned = [
        package for case in cases for package in case.packages if not re.search(r".@\d", package)
    ]
    assert not unpinned
    assert [case.title for case in read_cases(["react-dom"])] == ["react react-dom"]
    with pytest.raises(ValueError, match=r"no case 'left-pad'; there are .*lodash"):
        read_cases(["left-pad"])
