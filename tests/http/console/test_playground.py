"""The playground: source text runs once, or becomes a version."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from nexus.http.console import pages, playground
from nexus.http.console.examples import LANGUAGES
from nexus.service import Service
from tests.http.console.conftest import PAGE, form_token

SECRETIVE = "export default async (request, env) => { console.warn(env.KEY); throw env.KEY }"


def play(client: FlaskClient, do: str = "run", **given: str) -> TestResponse:
    form = {"name": "tried", "language": "javascript", "source": "", "path": "/?name=Ada"}
    form |= {"method": "GET", "form_token": form_token(client), "do": do, **given}
    return client.post("/_nexus/playground", data=form, headers=PAGE)


def text_of(answer: TestResponse) -> str:
    """The result on the page, without its tags."""
    found = re.search(r"<div data-result.*?>(.*?)\n</div>\n<h2>Save", answer.text, re.DOTALL)
    assert found is not None
    return unescape(re.sub(r"<[^>]+>", "", found[1]))


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("javascript", ["HTTP/1.1 200", "hello Ada", "info greeting Ada"]),
        ("wat", ["HTTP/1.1 200", "Content-Type: text/plain", "hello", "It wrote nothing"]),
    ],
)
def test_an_example_runs(inside: FlaskClient, language: str, shown: list[str]) -> None:
    answer = play(inside, language=language, source=LANGUAGES[language][2])
    text = text_of(answer)
    for part in shown:
        assert part in text
    for figure in ("CPU of 5000 ms", "memory of 32 MiB", "instructions", "host calls of 10000"):
        assert figure in text
    assert int(re.search(r"instructions\s*([\d,]+)", text)[1].replace(",", "")) > 5


def test_a_request_is_as_it_was_written(inside: FlaskClient, service: Service) -> None:
    source = (
        "export default { fetch: async (request) => new Response(JSON.stringify([request.method, "
        "request.url, request.headers.get('x-one'), await request.text()]), { status: 201 }) }"
    )
    manifest = 'route = "/shop"\r\ntimeout_ms = 700'
    given = {"method": "POST", "path": "/a?b=1", "headers": "X-One: 1\r\n\r\n", "body": "é\r\nx"}
    text = text_of(play(inside, source=source, manifest=manifest, **given))
    assert '["POST","http://localhost/shop/a?b=1","1","é\\nx"]' in text
    assert "HTTP/1.1 201" in text
    assert "time of 700 ms" in text
    assert "tried" not in service.handlers.catalogue.handlers


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"source": "export default {"}, "COMPILATION_ERROR tried.js:1"),
        ({"source": "export default { fetch() { nothing.there } }"}, "EXECUTION_ERROR"),
        ({"source": "export default { fetch() { for (;;); } }"}, "TIMEOUT"),
        ({"manifest": "timeout = 1"}, "INVALID_HANDLER tried.toml: timeout: found 1"),
        ({"manifest": 'route = "/hello"'}, "INVALID_HANDLER"),
        ({"headers": "no colon"}, "INVALID_ARGUMENT header 'no colon' has no colon"),
        ({"method": "G E T"}, "INVALID_ARGUMENT method 'G E T'"),
        ({"path": "x"}, "INVALID_ARGUMENT path 'x': begin it with"),
        ({"language": "cobol"}, "INVALID_ARGUMENT: language: found 'cobol'"),
        ({"name": "../x"}, "INVALID_HANDLER: handler name '../x' is not allowed"),
    ],
)
def test_what_is_wrong_is_said(inside: FlaskClient, given: dict[str, str], problem: str) -> None:
    manifest = given.get("manifest", "timeout_ms = 300")
    source = given.get("source", LANGUAGES["javascript"][2])
    answer = play(inside, **{**given, "source": source, "manifest": manifest})
    assert problem in text_of(answer)
    if "there" in source:
        assert "tried.js:1" in text_of(answer)  # the stack


def test_a_secret_is_hidden(inside: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXUS_SECRET_KEY", "hunter2222")
    answer = play(
        inside,
        source=f"const f = {SECRETIVE[15:]};\nexport default {{ fetch: f }}",
        manifest='secrets = ["KEY"]',
    )
    assert "hunter2222" not in answer.text
    assert "warning (hidden)" in text_of(answer)


def test_a_trial_leaves_nothing(inside: FlaskClient, service: Service) -> None:
    """Of a module of its own a worker would keep the snapshot, and code on each thread."""
    before = set(service.pool._snapshots)
    source = LANGUAGES["wat"][2].replace("hello", "HELLO")
    assert "HELLO" in text_of(play(inside, language="wat", source=source))
    assert set(service.pool._snapshots) <= before


def test_saving_serves_a_version(inside: FlaskClient, service: Service) -> None:
    source = LANGUAGES["javascript"][2]
    first = text_of(play(inside, "save", name="saved", source=source, note="first"))
    assert first.strip() == "Saved: v1 of saved serves now."
    assert inside.get("/saved?name=you").text == "hello you\n"
    again = text_of(play(inside, "save", name="saved", source=source))
    assert again.strip() == "There is a version with these files: v1 of saved. It serves now."
    (version,) = service.versions.read("saved")[0].versions
    assert (version.note, version.created_by) == ("first", "admin (console)")
    refused = text_of(play(inside, "save", name="saved", source="("))
    assert "COMPILATION_ERROR: " in refused
    assert len(service.versions.read("saved")[0].versions) == 1


def test_a_handler_is_opened(inside: FlaskClient) -> None:
    page = inside.get("/_nexus/playground?handler=asks", headers=PAGE).text
    assert "$ext.approver.ask(" in unescape(page)
    assert 'capabilities = ["ext:approver"]' in unescape(page)
    assert 'name="name" value="asks"' in page
    fresh = inside.get("/_nexus/playground?handler=nothing", headers=PAGE).text
    assert 'name="name" value="hello"' in fresh


def test_only_a_page_of_this_session_runs_something(inside: FlaskClient) -> None:
    assert play(inside, form_token="0" * 64).status_code == 401
    other = inside.application.test_client()
    assert other.post("/_nexus/playground", data={"do": "run"}).status_code == 401
    assert other.get("/_nexus/editor.js").status_code == 401


@pytest.mark.parametrize("built", [True, False])
def test_the_editor_is_there_if_it_was_built(
    inside: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, built: bool
) -> None:
    editor = tmp_path / "editor.js"
    if built:
        editor.write_text("// the editor")
    monkeypatch.setattr(playground, "EDITOR", editor)
    monkeypatch.setattr(pages, "EDITOR", editor)
    monkeypatch.setattr(pages, "_ASSETS", tmp_path)
    page = inside.get("/_nexus/playground", headers=PAGE).text
    answer = inside.get("/_nexus/editor.js")
    assert ("editor.js" in page, answer.status_code) == (built, 200 if built else 404)
    assert '<textarea id="source"' in page
