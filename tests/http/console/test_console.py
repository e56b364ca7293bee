"""The console: who comes in, what its pages show, and what other sites cannot do."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry
from werkzeug.test import TestResponse

from nexus.http import create_app, create_management_app
from nexus.http.console import session
from nexus.http.console.recent import Recent
from nexus.http.console.session import COOKIE, Sessions
from nexus.metrics.figures import Totals
from nexus.service import Service
from tests.http.conftest import make_service
from tests.http.console.conftest import ASKS, HANDLERS, PAGE, TOKEN, form_token

# ---- who comes in -----------------------------------------------------------------------------


def test_nobody_comes_in_without_the_token(outside: FlaskClient) -> None:
    for path in ("/_nexus/", "/_nexus/handlers/hello", "/_nexus/suspensions"):
        answer = outside.get(path, headers=PAGE)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/_nexus/login")
    for path in ("/_nexus/figures", "/_nexus/logs"):
        assert outside.get(path).status_code == 401
    assert outside.post("/_nexus/suspensions/x", data={"value": "1"}).status_code == 401
    answer = outside.post("/_nexus/login", data={"token": "wrong"})
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (401, False)
    assert 'role="alert"' in answer.text


def test_the_cookie_is_for_this_site_alone(outside: FlaskClient) -> None:
    said = outside.post("/_nexus/login", data={"token": TOKEN}).headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/_nexus/"} <= set(said.split("; "))
    assert TOKEN not in said
    over_tls = outside.post("/_nexus/login", data={"token": TOKEN}, base_url="https://here")
    assert "Secure" in over_tls.headers["Set-Cookie"].split("; ")


def test_sessions_cannot_be_made_or_prolonged(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = Sessions(b"token")
    cookie = ours.new()
    assert ours.is_valid(cookie)
    assert not Sessions(b"other").is_valid(cookie)
    end, nonce, signature = cookie.split(".")
    for forged in ("", "..", f"{int(end) + 1}.{nonce}.{signature}", cookie[:-1], cookie + "0", "é"):
        assert not ours.is_valid(forged)
    assert not ours.is_form_token(cookie, ours.form_token(ours.new()))
    monkeypatch.setattr(session.time, "time", lambda: float(end))
    assert not ours.is_valid(cookie)


def test_a_form_of_another_site_does_nothing(inside: FlaskClient) -> None:
    for path in ("/_nexus/suspensions/x", "/_nexus/logout"):
        for given in ({}, {"form_token": "0" * 64}):
            answer = inside.post(path, data=given)
            assert answer.status_code == 401
            assert "not from a page of this session" in answer.json["detail"]
    assert inside.get("/_nexus/", headers=PAGE).status_code == 200


def test_log_out(inside: FlaskClient) -> None:
    inside.post("/_nexus/logout", data={"form_token": form_token(inside)})
    assert inside.get_cookie(COOKIE, path="/_nexus/") is None
    assert inside.get("/_nexus/", headers=PAGE).status_code == 302


def test_pages_may_load_only_what_is_ours(inside: FlaskClient) -> None:
    for path in ("/_nexus/", "/_nexus/handlers/hello", "/_nexus/suspensions", "/_nexus/login"):
        answer = inside.get(path, headers=PAGE)
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; base-uri 'none'; frame-ancestors 'none'")
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["Cache-Control"] == "no-store"
        inline = r"<script(?! type=\"module\" src=)|<style|\bstyle=|\bon\w+="
        assert not re.search(inline, answer.text)


# ---- what it shows ----------------------------------------------------------------------------


def test_the_list_of_handlers(inside: FlaskClient) -> None:
    page = inside.get("/_nexus/", headers=PAGE).text
    assert re.findall(r'<tr data-handler="(\w+)">', page) == ["asks", "hello", "trap"]
    assert "bad&lt;i&gt;.js cannot serve" in page
    assert "<i>" not in page


def test_one_handler(inside: FlaskClient) -> None:
    inside.application.test_client().get("/trap")
    page = unescape(inside.get("/_nexus/handlers/trap", headers=PAGE).text)
    assert "EXECUTION_ERROR" in page
    assert HANDLERS["trap.wat"] in page
    page = unescape(inside.get("/_nexus/handlers/asks", headers=PAGE).text)
    assert ASKS in page
    assert "ext:approver" in page
    assert "hunter2222" not in page
    assert inside.get("/_nexus/handlers/nobody", headers=PAGE).status_code == 404


def test_figures(inside: FlaskClient) -> None:
    found = inside.get("/_nexus/figures").json
    (pool,) = found["pools"].values()
    assert {"active", "available", "suspended", "waiting"} <= pool.keys()
    assert found["max_instances"] == 10


def test_figures_of_the_span_since_the_last_look(monkeypatch: pytest.MonkeyPatch) -> None:
    now, runs = [100.0], [5.0]
    monkeypatch.setattr("nexus.http.console.recent.time.monotonic", lambda: now[0])
    recent = Recent(lambda: {"a": Totals(runs=runs[0])})

    def rate_after(seconds: float, more: float) -> float:
        now[0] += seconds
        runs[0] += more
        return float(recent.figures()["a"]["rate"])

    assert recent.figures()["a"]["rate"] == 0  # nothing to compare with
    assert rate_after(2.0, 10) == 5
    assert rate_after(0.5, 10) == 5  # another page looks: the same span
    assert rate_after(1.5, 0) == 5
    assert rate_after(60.0, 1000) == 0  # nobody was looking


# ---- suspended executions ---------------------------------------------------------------------


def suspend(service: Service, client: FlaskClient) -> str:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = client.post("/v1/handlers/asks/executions", json={"context": {}}, headers=headers)
    return str(answer.json["suspension"]["id"])


def answered(client: FlaskClient, id: str, **given: str) -> TestResponse:
    data = {"form_token": form_token(client), **given}
    return client.post(f"/_nexus/suspensions/{id}", data=data)


def test_a_question_is_answered(service: Service, inside: FlaskClient) -> None:
    id = suspend(service, inside)
    page = inside.get("/_nexus/suspensions", headers=PAGE).text
    assert "asks approver.ask" in page
    assert "<b>" not in page
    answer = answered(inside, id, kind="value", value='{"ok": true}')
    (result,) = re.findall(r'role="status">(.*?)</pre>', answer.text, re.DOTALL)
    assert json.loads(unescape(result))["return_value"] == {"said": {"ok": True}}
    assert "No execution waits" in answer.text
    again = answered(inside, id, kind="value", value="1")
    assert (again.status_code, "SUSPENSION_" in again.text) == (400, True)


def test_an_answer_that_is_not_json(service: Service, inside: FlaskClient) -> None:
    id = suspend(service, inside)
    answer = answered(inside, id, kind="value", value="yes")
    assert answer.status_code == 400
    assert "the answer is not JSON" in answer.text
    answer = answered(inside, id, kind="error", value="not today")
    assert "not today" in answer.text


# ---- where it is ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "settings", "wanted"),
    [
        (TOKEN, {"NEXUS_CONSOLE": "false"}, 404),
        (None, {"NEXUS_CONSOLE": "true"}, 404),
        (TOKEN, {"NEXUS_CONSOLE": "true"}, 200),
        (TOKEN, {"NEXUS_CONSOLE": "true", "NEXUS_MANAGEMENT_BIND": "127.0.0.1:9"}, 404),
    ],
)
def test_the_main_port_has_it_only_if_asked(
    tmp_path: Path, token: str | None, settings: dict[str, str], wanted: int
) -> None:
    made = make_service(tmp_path, CollectorRegistry(), **settings)
    made.start_with(tmp_path)
    secret = None if token is None else token.encode()
    app = create_app(made, CollectorRegistry(), secret)
    assert app.test_client().get("/_nexus/login").status_code == wanted
    management = create_management_app(
        made, CollectorRegistry(), (token and token.encode()) or None
    )
    status = management.test_client().get("/_nexus/login").status_code
    assert status == (200 if token else 404)
    made.stop(grace_s=5.0)
