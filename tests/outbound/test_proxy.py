"""Outbound requests by the operator's proxy: who checks which address, and who learns of what."""

from __future__ import annotations

import socket
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nexus.config import Settings
from nexus.errors import ConfigError
from nexus.model import FailureKind
from nexus.outbound.proxy import Proxy, proxy_of
from nexus.service.build import outbound_proxy

from .caller import Caller
from .name_server import NameServer
from .proxy_server import ProxyServer
from .servers import Server

Serve = Callable[..., Server]
CERTIFICATE = Path(__file__).parent / "certificate.pem"
PUBLIC = "93.184.216.34"


@pytest.fixture
def proxy() -> Iterator[ProxyServer]:
    found = ProxyServer({})
    yield found
    found.close()


@pytest.fixture
def calling(names: NameServer, proxy: ProxyServer, serve: Serve) -> Iterator[Callable[..., Caller]]:
    """Makes callers whose connections *proxy* opens; they end before the servers of *serve*."""
    callers: list[Caller] = []

    def make(tls: ssl.SSLContext | None = None, **fields: object) -> Caller:
        options = Proxy("127.0.0.1", proxy.port, **fields)  # type: ignore[arg-type]
        callers.append(Caller(names.resolve, proxy=options, tls=tls))
        return callers[-1]

    yield make
    for caller in callers:
        caller.close()


def test_the_proxy_gets_the_checked_address_and_the_server_the_name(
    calling: Callable[..., Caller], proxy: ProxyServer, names: NameServer, serve: Serve
) -> None:
    """Both schemes go by a tunnel, and a tunnel serves again."""
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(CERTIFICATE)
    secure, plain = serve(tls=server_side), serve()
    asked: list[str] = []
    server_side.sni_callback = lambda sock, name, context: asked.append(name)
    proxy.places |= {
        f"{PUBLIC}:443": ("127.0.0.1", secure.port),
        f"{PUBLIC}:80": ("127.0.0.1", plain.port),
    }
    names.add("api.test", [PUBLIC])
    caller = calling(ssl.create_default_context(cafile=str(CERTIFICATE)))
    for _ in range(2):
        assert caller.get("https://api.test/x", "api.test").body == b"ok"
        assert caller.get("http://api.test/y", "api.test").body == b"ok"
    assert proxy.asked == [f"CONNECT {PUBLIC}:443", f"CONNECT {PUBLIC}:80"]
    assert asked == ["api.test"]
    for server in (secure, plain):
        assert [seen.header("host") for seen in server.seen] == ["api.test"] * 2


@pytest.mark.parametrize("resolves", [False, True])
@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "http://[::1]:1/", "http://localhost:1/", "http://a.localhost:1"]
)
def test_what_is_not_public_never_reaches_the_proxy(
    url: str, resolves: bool, calling: Callable[..., Caller], proxy: ProxyServer, names: NameServer
) -> None:
    names.add("localhost", ["127.0.0.1"])
    names.add("a.localhost", [PUBLIC, "127.0.0.1"])
    assert calling(resolves=resolves).failure(url, "*:1").kind is FailureKind.DENIED
    assert not proxy.asked


def test_a_name_whose_address_changes_is_not_asked_for_twice(
    calling: Callable[..., Caller], proxy: ProxyServer, names: NameServer
) -> None:
    names.add("api.test", [PUBLIC], ["127.0.0.1"])
    assert calling().failure("http://api.test/", "*").kind is FailureKind.FAILED  # 502
    assert calling().failure("http://api.test/", "*").kind is FailureKind.DENIED
    assert proxy.asked == [f"CONNECT {PUBLIC}:80"]


def test_each_address_of_a_name_is_tried(
    calling: Callable[..., Caller], proxy: ProxyServer, names: NameServer, serve: Serve
) -> None:
    server = serve()
    proxy.places["[2600::1]:80"] = ("127.0.0.1", server.port)
    names.add("api.test", [PUBLIC, "2600::1"])
    assert calling().get("http://api.test/", "*").body == b"ok"
    assert proxy.asked == [f"CONNECT {PUBLIC}:80", "CONNECT [2600::1]:80"]


def test_a_proxy_that_resolves_gets_the_name(
    calling: Callable[..., Caller], proxy: ProxyServer, names: NameServer, serve: Serve
) -> None:
    server = serve()
    proxy.places["api.test:80"] = ("127.0.0.1", server.port)
    assert calling(resolves=True).get("http://api.test/", "*").body == b"ok"
    assert names.asked == []


def test_hosts_may_pass_the_proxy_by(
    calling: Callable[..., Caller], proxy: ProxyServer, names: NameServer, serve: Serve
) -> None:
    """Nexus checks the addresses of hosts that it connects to itself."""
    server = serve()
    names.add("x.svc.test", ["127.0.0.1"])
    found = proxy_of("http://127.0.0.1:1", "", "svc.test,127.0.0.1:1,127.0.0.1", resolves=False)
    assert found is not None
    caller = calling(bypass=found.bypass)
    url = f"http://x.svc.test:{server.port}"
    assert caller.get(server.url, server.url).body == b"ok"
    assert caller.get(url, url, server.url).body == b"ok"
    assert caller.failure(url, url).kind is FailureKind.DENIED
    assert proxy.asked == []


@pytest.mark.parametrize(
    ("text", "passed"),
    [
        ("", ""),
        ("*", "abcd"),
        ("x.test", "ab"),
        (".x.test", "ab"),
        ("x.test:81", "b"),
        ("[::1],10.0.0.1", "cd"),
    ],
)
def test_which_hosts_pass_the_proxy_by(text: str, passed: str) -> None:
    found = proxy_of("http://127.0.0.1:1", "", text, resolves=False)
    assert found is not None
    hosts = {"a": ("x.test", 80), "b": ("a.x.test", 81), "c": ("::1", 1), "d": ("10.0.0.1", 2)}
    assert "".join(key for key, place in hosts.items() if not found.serves(*place)) == passed
    assert found.serves("ax.test", 80) is (text != "*")


def test_a_host_to_pass_by_that_is_none() -> None:
    with pytest.raises(ConfigError, match="http_proxy_bypass: Octet 999"):
        proxy_of("http://127.0.0.1:1", "", "999.1.1.1", resolves=False)


def test_credentials_go_to_the_proxy_alone(
    calling: Callable[..., Caller],
    proxy: ProxyServer,
    names: NameServer,
    serve: Serve,
    tmp_path: Path,
) -> None:
    server, secret = serve(), tmp_path / "auth"
    secret.write_text("me:p:ss\n")
    found = proxy_of("http://127.0.0.1:1", str(secret), "", resolves=False)
    assert found is not None
    proxy.user = f"Basic {b64encode(b'me:p:ss').decode()}"
    proxy.places[f"{PUBLIC}:80"] = ("127.0.0.1", server.port)
    names.add("api.test", [PUBLIC])
    without = calling().failure("http://api.test/", "*")
    assert without.message == "http://api.test: the proxy answered 407"
    caller = calling(authorization=found.authorization)
    assert caller.get("http://api.test/", "*").body == b"ok"
    assert server.seen[0].header("proxy-authorization") is None


def test_the_settings_name_the_proxy(tmp_path: Path) -> None:
    fields = {"http_proxy": "http://[::1]:3128", "http_proxy_resolves": True}
    found = outbound_proxy(Settings(cache_dir=tmp_path, **fields))
    assert found == Proxy("::1", 3128, resolves=True)
    assert outbound_proxy(Settings(cache_dir=tmp_path)) is None


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (None, "http_proxy_auth_file: cannot read {path}: No such file or directory"),
        ("secret", "http_proxy_auth_file: {path}: found 6 characters, allowed: USER:PASSWORD"),
    ],
)
def test_wrong_credentials_are_not_quoted(content: str | None, wanted: str, tmp_path: Path) -> None:
    path = tmp_path / "auth"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError) as raised:
        proxy_of("http://127.0.0.1:1", str(path), "", resolves=False)
    assert raised.value.problems == [wanted.format(path=path)]


def test_a_proxy_that_is_away(names: NameServer) -> None:
    names.add("api.test", [PUBLIC])
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    caller = Caller(names.resolve, proxy=Proxy("127.0.0.1", port))
    failure = caller.failure("http://api.test/", "*")
    caller.close()
    assert failure.message == "http://api.test: no connection to the proxy"


def test_what_does_not_speak_http_is_no_proxy(names: NameServer, serve: Serve) -> None:
    server = serve(answers=lambda seen: b"HTTP/9 hello\r\n")
    names.add("api.test", [PUBLIC])
    caller = Caller(names.resolve, proxy=Proxy("127.0.0.1", server.port))
    failure = caller.failure("http://api.test/", "*")
    caller.close()
    assert failure.message == "http://api.test: the proxy did not answer in HTTP"
