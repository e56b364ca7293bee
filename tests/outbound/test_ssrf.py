"""Attempts to reach servers that no manifest grants: none of them gets as far as a connection.

The grants are as wide as they can be: every public name, on the port of the servers too. The
servers stand on loopback addresses, where a pod's own ports, its sidecars and a cloud's metadata
would be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from nexus.model import FailureKind, OutboundFailure

from .caller import Caller, outcome_of
from .name_server import NameServer
from .servers import Seen, Server, answer, redirect

DENIED, INVALID, FAILED = FailureKind.DENIED, FailureKind.INVALID, FailureKind.FAILED

PORT = 0  # replaced by the servers' port, wherever `PORT` stands in an attempt


class Inside:
    """Servers on several addresses and one port, which nobody may reach."""

    def __init__(self, serve: Callable[..., Server]) -> None:
        first = serve(host="127.0.0.1")
        self.port = first.port
        others = [serve(host=host, port=self.port) for host in ("127.0.0.2", "::1")]
        self._servers = [first, *others]

    @property
    def connections(self) -> int:
        return sum(server.connections for server in self._servers)


@pytest.fixture
def inside(serve: Callable[..., Server], names: NameServer) -> Iterator[Inside]:
    found = Inside(serve)
    for name in ("localhost", "ip6-localhost", "localhost.localdomain"):
        names.add(name, ["127.0.0.1"])  # as every system has them
    yield found
    assert found.connections == 0


def wide(port: int) -> tuple[str, ...]:
    """Every public name on the default ports and on *port*."""
    return ("*", f"*:{port}", f"http://93.184.216.34:{port}")


# ---- addresses in a URL ----------------------------------------------------------------------

LITERALS = (
    # plain
    *("http://127.0.0.1:PORT/", "http://127.0.0.2:PORT/", "http://127.255.255.254:PORT/"),
    *("http://0.0.0.0:PORT/", "http://0.1.2.3:PORT/", "http://10.0.0.1:PORT/"),
    *("http://169.254.169.254/latest/meta-data/", "http://100.100.100.200/latest/meta-data/"),
    *("http://168.63.129.16/machine", "http://192.0.0.192/opc/v2/", "http://172.17.0.1:PORT/"),
    *("http://192.168.0.1/", "http://100.64.0.1/", "http://224.0.0.1/", "http://255.255.255.255/"),
    # decimal, octal, hexadecimal, short and mixed
    *("http://2130706433:PORT/", "http://017700000001:PORT/", "http://0x7f000001:PORT/"),
    *("http://0x7f.0.0.1:PORT/", "http://0177.0.0.1:PORT/", "http://127.0.0.01:PORT/"),
    *("http://127.1:PORT/", "http://127.0.1:PORT/", "http://0x7f.1:PORT/", "http://0:PORT/"),
    *("http://127.0x0.0.1:PORT/", "http://0X7F000001:PORT/", "http://4294967297:PORT/"),
    *("http://127.0.0.1.:PORT/", "http://127.0.0.1..:PORT/", "http://256.0.0.1:PORT/"),
    # IPv6: loopback, mapped, compatible, translated, local, with zone ids
    *("http://[::1]:PORT/", "http://[0:0:0:0:0:0:0:1]:PORT/", "http://[::]:PORT/"),
    *("http://[::ffff:127.0.0.1]:PORT/", "http://[::ffff:7f00:1]:PORT/"),
    *("http://[::127.0.0.1]:PORT/", "http://[64:ff9b::127.0.0.1]:PORT/"),
    *("http://[2002:7f00:1::]:PORT/", "http://[fd00:ec2::254]/latest/meta-data/"),
    *("http://[fe80::1]:PORT/", "http://[fe80::1%25lo]:PORT/", "http://[::1%251]:PORT/"),
    *("http://[::1%lo]:PORT/", "http://::1:PORT/", "http://[::1]PORT/", "http://[::1]@x:PORT/"),
    # names of this host
    *("http://localhost:PORT/", "http://localhost.:PORT/", "http://LOCALHOST:PORT/"),
    *("http://ip6-localhost:PORT/", "http://localhost.localdomain:PORT/"),
    # user information, which some readers take for the host, and the other way round
    *("http://public.test@127.0.0.1:PORT/", "http://127.0.0.1:PORT@public.test/"),
    *("http://public.test:80@127.0.0.1:PORT/", "http://public.test%40127.0.0.1:PORT/"),
    *("http://127.0.0.1:PORT#@public.test/", "http://127.0.0.1:PORT\\@public.test/"),
    *("http://127.0.0.1:PORT?@public.test/", "http://public.test\\@127.0.0.1:PORT/"),
    *("http:\\\\127.0.0.1:PORT/", "http:/127.0.0.1:PORT/", "http:127.0.0.1:PORT/"),
    *("http:///127.0.0.1:PORT/", "//127.0.0.1:PORT/", "http://127.0.0.1:PORT:80/"),
    # characters of other scripts that become digits, dots and letters
    *("http://①②⑦.⓪.⓪.①:PORT/", "http://127。0。0。1:PORT/", "http://127．0．0．1:PORT/"),
    *("http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:PORT/", "http://localhoﬆ:PORT/", "http://１２７.0.0.1:PORT/"),
    *("http://127%2e0%2e0%2e1:PORT/", "http://%31%32%37.0.0.1:PORT/"),
    # line breaks and blanks
    *("http://127.0.0.1:PORT/\r\nHost: x", "http://public.test\r\n.127.0.0.1:PORT/"),
    *(
        "http://public.test /@127.0.0.1:PORT/",
        "http://\t127.0.0.1:PORT/",
        " http://127.0.0.1:PORT/",
    ),
    *("http://public.test/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /", "http://127.0.0.1\0:PORT/"),
    # other schemes
    *("file:///etc/passwd", "ftp://127.0.0.1:PORT/", "gopher://127.0.0.1:PORT/_GET%20/"),
    *("dict://127.0.0.1:PORT/info", "ws://127.0.0.1:PORT/", "unix:///run/docker.sock"),
    *("javascript:fetch()", "data:text/plain,x", "http+unix://%2Frun%2Fdocker.sock/"),
    *("jar:http://127.0.0.1:PORT!/", "https://127.0.0.1:PORT/", "HTTP://127.0.0.1:PORT/"),
    # ports
    *("http://public.test:0/", "http://public.test:65616/", "http://public.test:-1/"),
    *("http://public.test:08PORT/", "http://public.test:PORTx/", "http://127.0.0.1:PORT%20/"),
)


@pytest.mark.parametrize("attempt", LITERALS)
def test_no_url_reaches_an_address_inside(attempt: str, caller: Caller, inside: Inside) -> None:
    url = attempt.replace("PORT", str(inside.port))
    failure = caller.failure(url, *wide(inside.port))
    assert failure.kind in (DENIED, INVALID, FAILED)


# ---- names -----------------------------------------------------------------------------------

ADDRESSES = (
    *("127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1"),
    *("10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::"),
    *("224.0.0.1", "fd00:ec2::254", "fe80::1", "ff02::1", "2002:7f00:1::"),
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_name_of_an_address_inside_is_called(
    address: str, caller: Caller, names: NameServer, inside: Inside
) -> None:
    names.add("public.test", [address])
    failure = caller.failure(f"http://public.test:{inside.port}/", *wide(inside.port))
    assert (failure.kind, names.asked) == (DENIED, ["public.test"])
    assert address not in failure.message


@pytest.mark.parametrize("order", [["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "2606:4700::1111"]])
def test_one_address_inside_among_public_ones_is_enough(
    order: list[str], caller: Caller, names: NameServer, inside: Inside
) -> None:
    names.add("public.test", order)
    url = f"http://public.test:{inside.port}/"
    assert caller.failure(url, *wide(inside.port)).kind is DENIED


def test_a_name_server_that_changes_its_mind_is_asked_once(
    caller: Caller, names: NameServer, inside: Inside, serve: Callable[..., Server]
) -> None:
    """Rebinding: the first answer passes the check, the second would be used to connect."""
    granted = serve(host="127.0.0.3", port=inside.port)
    grants = (*wide(inside.port), granted.url)
    names.add("rebound.test", ["127.0.0.3"], ["127.0.0.1"])
    session = caller.session(*grants)
    url = f"http://rebound.test:{inside.port}/"
    for _ in range(3):  # over the same connection
        assert not isinstance(outcome_of(session, url), OutboundFailure)
    assert names.asked == ["rebound.test"]
    granted.drop_connections()
    failure = outcome_of(session, url)  # on a new connection, whose address is checked again
    assert isinstance(failure, OutboundFailure)
    assert (failure.kind, names.asked) == (DENIED, ["rebound.test"] * 2)


def test_a_grant_of_an_address_is_for_that_port_and_scheme_only(
    caller: Caller, names: NameServer, inside: Inside
) -> None:
    names.add("public.test", ["127.0.0.1"])
    grants = (*wide(inside.port), "http://127.0.0.1:1", f"https://127.0.0.1:{inside.port}")
    url = f"http://public.test:{inside.port}/"
    assert caller.failure(url, *grants).kind is DENIED


# ---- redirects -------------------------------------------------------------------------------

TARGETS = (
    *("http://127.0.0.1:PORT/", "http://127.0.0.2:PORT/", "http://[::1]:PORT/"),
    *("http://2130706433:PORT/", "http://0x7f.1:PORT/", "http://[::ffff:127.0.0.1]:PORT/"),
    *("http://inside.test:PORT/", "//127.0.0.1:PORT/", "http://x@127.0.0.1:PORT/"),
    *("\\\\127.0.0.1:PORT/", "file:///etc/passwd", "gopher://127.0.0.1:PORT/"),
    *("http://169.254.169.254/latest/meta-data/", "http://localhost:PORT/"),
)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", TARGETS)
def test_no_redirect_leads_inside(
    target: str,
    status: int,
    caller: Caller,
    names: NameServer,
    inside: Inside,
    serve: Callable[..., Server],
) -> None:
    names.add("inside.test", ["127.0.0.1"])
    location = target.replace("PORT", str(inside.port))
    outside = serve(answers=lambda seen: redirect(location, status))
    failure = caller.failure(f"{outside.url}/", *wide(inside.port), outside.url, method="POST")
    assert failure.kind in (DENIED, FAILED)
    assert len(outside.seen) == 1


def test_a_redirect_to_a_name_that_is_not_granted_is_denied(
    caller: Caller, names: NameServer, serve: Callable[..., Server]
) -> None:
    """Even if its address is granted."""
    other = serve()
    names.add("other.test", ["127.0.0.1"])
    outside = serve(answers=lambda seen: redirect(f"http://other.test:{other.port}/"))
    failure = caller.failure(f"{outside.url}/", outside.url, other.url)
    assert (failure.kind, names.asked, other.connections) == (DENIED, [], 0)


# ---- what is sent ----------------------------------------------------------------------------

HEADERS = (
    *(("X-A", "1\r\nHost: 127.0.0.1"), ("X-A", "1\nX-B: 2"), ("X-A", "1\r"), ("X-A", "1\0")),
    *(("X-A: 1\r\nX-B", "2"), ("X A", "1"), ("", "1"), ("X-A\n", "1"), ("Host:", "x")),
    *(("X-A", "\u0130"), ("X-\u00e9", "1")),
)


@pytest.mark.parametrize("header", HEADERS)
def test_no_header_begins_another(
    header: tuple[str, str], caller: Caller, serve: Callable[..., Server]
) -> None:
    server = serve()
    failure = caller.failure(f"{server.url}/", server.url, headers=[header])
    assert (failure.kind, server.connections) == (INVALID, 0)


@pytest.mark.parametrize("method", ["GET / HTTP/1.1\r\nX: ", "GE T", "", "CONNECT", "trace", "É"])
def test_no_method_is_more_than_a_method(
    method: str, caller: Caller, serve: Callable[..., Server]
) -> None:
    server = serve()
    failure = caller.failure(f"{server.url}/", server.url, method=method)
    assert (failure.kind, server.connections) == (INVALID, 0)


def test_the_guest_does_not_choose_host_framing_and_proxies(
    caller: Caller, serve: Callable[..., Server]
) -> None:
    server = serve()
    given = [
        *(("Host", "inside.test"), ("Content-Length", "9"), ("Transfer-Encoding", "chunked")),
        *(("Connection", "X-Kept"), ("Proxy-Authorization", "x"), ("Upgrade", "h2c")),
        *(("TE", "trailers"), ("Trailer", "x"), ("Keep-Alive", "x"), ("Expect", "100-continue")),
        *(("Sec-Fetch-Site", "none"), ("Via", "x"), ("X-Kept", "yes"), ("Cookie", "a=1")),
    ]
    caller.get(f"{server.url}/", server.url, method="POST", headers=given, body=b"body")
    (seen,) = server.seen
    assert dict(seen.headers) == {
        "host": f"127.0.0.1:{server.port}",
        "content-length": "4",
        "x-kept": "yes",
        "cookie": "a=1",
        "accept": "*/*",
        "accept-encoding": "gzip, deflate",
        "user-agent": "nexus",
    }
    assert seen.body == b"body"


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
def test_a_proxy_in_the_environment_has_no_effect(
    variable: str, caller: Caller, serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, server = serve(), serve()
    monkeypatch.setenv(variable, proxy.url)
    caller.get(f"{server.url}/", server.url)
    assert (proxy.connections, len(server.seen)) == (0, 1)


def test_the_path_is_sent_as_it_is(caller: Caller, serve: Callable[..., Server]) -> None:
    """An absolute URL in a path is a path."""
    server = serve()
    for path in ("//127.0.0.1/x", "/http://127.0.0.1/", "/a%0d%0aHost:%20x", "/../../x", "/?x#y"):
        caller.get(server.url + path, server.url)
    paths = ["//127.0.0.1/x", "/http://127.0.0.1/", "/a%0D%0AHost:%20x", "/../../x", "/?x"]
    assert [seen.path for seen in server.seen] == paths


def test_an_answer_cannot_be_smuggled_to_another_handler(
    caller: Caller, serve: Callable[..., Server]
) -> None:
    """Bytes after an answer stay on the connection, which no other handler uses."""
    poison = answer(b"poison")

    def answers(seen: Seen) -> bytes:
        return answer() + (poison if seen.path == "/attack" else b"")

    server = serve(answers=answers)
    attacker = caller.session(server.url, handler="attacker")
    outcome_of(attacker, f"{server.url}/attack")
    victim = outcome_of(caller.session(server.url, handler="victim"), f"{server.url}/")
    assert not isinstance(victim, OutboundFailure)
    assert victim.body == b"ok"
    assert [seen.connection for seen in server.seen] == [1, 2]


def test_the_corpus_is_large() -> None:
    attempts = len(LITERALS) + len(ADDRESSES) + 5 * len(TARGETS) + len(HEADERS)
    assert attempts >= 80
