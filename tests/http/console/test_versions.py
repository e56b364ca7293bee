"""Versions on a handler's page: which serve, and the forms that change it."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from nexus.service import Service
from tests.http.console.conftest import PAGE, form_token

SOURCE = "export default { fetch: () => new Response('NUMBER') }"
PATH = "/_nexus/handlers/shared"


@pytest.fixture
def versions(inside: FlaskClient) -> FlaskClient:
    """The console, with v1 and v2 of a handler; v2 serves."""
    token = form_token(inside)
    for number in ("1", "2"):
        source = SOURCE.replace("NUMBER", number)
        form = {"do": "save", "name": "shared", "source": source, "form_token": token}
        assert inside.post("/_nexus/playground", data=form).status_code == 200
    return inside


def share(client: FlaskClient, **given: str) -> TestResponse:
    page = client.get(PATH, headers=PAGE).text
    seen = re.findall(r'name="seen" value="(\w+)"', page)[0]
    return client.post(PATH, data={"form_token": form_token(client), "seen": seen, **given})


def shown(client: FlaskClient) -> dict[str, str]:
    """The share of each version on the page, and the button beside it."""
    page = client.get(PATH, headers=PAGE).text
    rows = re.findall(r'<tr data-handler="shared@(v\d)">(.*?)</tr>', page, re.DOTALL)
    return {
        id: re.search(r'value="(\d*)" inputmode', row)[1]
        + " "  # type: ignore[index]
        + re.sub("<[^>]+>", "", row.rsplit("<td>", 1)[1]).strip()
        for id, row in rows
    }


def test_versions_are_listed_and_rolled_back(versions: FlaskClient) -> None:
    assert shown(versions) == {"v2": "100 serves", "v1": " Roll back to v1"}
    answer = share(versions, alone="v1")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{PATH}#versions")
    assert shown(versions) == {"v2": " Roll back to v2", "v1": "100 serves"}
    assert versions.get("/shared").text == "1"
    page = unescape(versions.get(PATH, headers=PAGE).text)
    assert re.search(r"<li><time>[\d: -]+</time> admin \(console\): activate v1", page)


def test_versions_share_requests(
    versions: FlaskClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another test may just have looked.
    monkeypatch.setattr("nexus.http.console.recent.LEAST_S", 0.0)
    answer = share(versions, sticky="cookie:who", **{"weight-v1": "40", "weight-v2": "60"})
    assert answer.status_code == 303
    # Back is to what served alone.
    assert shown(versions) == {"v2": "60 Roll back to v2", "v1": "40 Activate v1"}
    assert {versions.get("/shared").text for _ in range(50)} == {"1", "2"}
    found = versions.get("/_nexus/figures?handler=shared").json
    assert {"shared@v1", "shared@v2", "shared"} <= found["handlers"].keys()
    assert sum(count for _, count in found["histogram"]) >= 50
    assert found["histogram"][-1][0] is None
    record, _ = service.versions.read("shared")
    assert (record.weights, record.sticky) == ({"v1": 40, "v2": 60}, "cookie:who")


@pytest.mark.parametrize(
    ("given", "status", "problem"),
    [
        ({"weight-v1": "40", "weight-v2": "50"}, 400, "they add up to 90, allowed: 100"),
        ({"weight-v1": "x"}, 400, "v1: found 'x', allowed: 0 to 100"),
        ({}, 400, "shares: weights: found {}, allowed: versions with their parts"),
        ({"weight-v1": "100", "sticky": "ip"}, 400, "sticky: found 'ip', allowed: header:NAME"),
        ({"alone": "v9"}, 404, "there is no version 'v9'"),
        ({"alone": "v1", "seen": "0"}, 412, "have changed since"),
    ],
)
def test_what_is_wrong_changes_nothing(
    versions: FlaskClient, given: dict[str, str], status: int, problem: str
) -> None:
    before = shown(versions)
    answer = share(versions, **given)
    assert answer.status_code == status
    assert problem in unescape(answer.text)
    assert shown(versions) == before


def test_a_file_has_no_versions(inside: FlaskClient) -> None:
    page = inside.get("/_nexus/handlers/asks", headers=PAGE).text
    assert "None was deployed" in page
    assert inside.post("/_nexus/handlers/asks", data={"alone": "v1"}).status_code == 401
