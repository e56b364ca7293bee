"""The settings about the proxy for outbound requests."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from nexus.config.proxy import PassedBy, ProxyUrl

url_of = TypeAdapter(ProxyUrl).validate_python
passed_by = TypeAdapter(PassedBy).validate_python


@pytest.mark.parametrize("url", ["", "http://proxy:3128", "http://10.0.0.1:8080", "http://[::1]:1"])
def test_a_proxys_url(url: str) -> None:
    assert url_of(url) == url


@pytest.mark.parametrize(
    "url",
    ["proxy:3128", "https://proxy:3128", "http://proxy", "http://:1", "http://p:x", "http://p:1/x"],
)
def test_what_is_no_url_of_a_proxy(url: str) -> None:
    with pytest.raises(ValidationError, match=url):
        url_of(url)


def test_a_password_is_not_quoted() -> None:
    with pytest.raises(ValidationError) as raised:
        url_of("http://me:hunter2@proxy:3128")
    (problem,) = raised.value.errors(include_input=False)
    assert "http_proxy_auth_file" in problem["msg"]
    assert "hunter2" not in problem["msg"]


def test_hosts_that_pass_the_proxy_by() -> None:
    assert passed_by(" svc.local, 10.1.2.3:80 ,[::1]") == "svc.local,10.1.2.3:80,[::1]"


@pytest.mark.parametrize("text", ["a b", "http://x", "10.0.0.0/8", "a,,b"])
def test_what_is_no_list_of_hosts(text: str) -> None:
    with pytest.raises(ValidationError):
        passed_by(text)
