from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nexus.errors import InvalidResponse
from nexus.guest.wasi.cgi_response import MAX_HEADERS, parse_response
from nexus.model import HttpResponse, Limits

LIMITS = Limits(max_header_bytes=2000, max_response_bytes=100)


def refusal(stdout: bytes, limits: Limits = LIMITS) -> str:
    with pytest.raises(InvalidResponse) as caught:
        parse_response(stdout, limits)
    return str(caught.value)


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_a_document(newline: bytes) -> None:
    lines = [
        b"Content-Type: text/html",
        b"Set-Cookie: a=1",
        b"set-cookie:\tb=2 ",
        b"",
        b"\n<p>\r\n",
    ]
    assert parse_response(newline.join(lines), LIMITS) == HttpResponse(
        200,
        [("Content-Type", "text/html"), ("Set-Cookie", "a=1"), ("set-cookie", "b=2")],
        b"\n<p>\r\n",
    )


def test_mixed_newlines() -> None:
    response = parse_response(b"Content-Type: a/b\r\nX: 1\n\r\nbody", LIMITS)
    assert (response.headers, response.body) == ([("Content-Type", "a/b"), ("X", "1")], b"body")


@pytest.mark.parametrize(
    ("line", "status", "reason"),
    [
        (b"404 Not Found", 404, "Not Found"),
        (b"599", 599, ""),
        (b"200  padded", 200, "padded"),
        (b"201 Gr\xfc\xdfe", 201, "Gr\xfc\xdfe"),
    ],
)
def test_status(line: bytes, status: int, reason: str) -> None:
    response = parse_response(b"Status: " + line + b"\n\nbody", LIMITS)
    assert response == HttpResponse(status, [], b"body", reason)


@pytest.mark.parametrize("line", [b"199", b"600", b"0200", b"20", b"OK", b"200OK", b"-200", b"2e2"])
def test_wrong_status(line: bytes) -> None:
    assert "from 200 to 599" in refusal(b"Status: " + line + b"\n\n")


@pytest.mark.parametrize("target", ["/elsewhere?x", "https://example.org/"])
def test_redirects_go_to_the_client(target: str) -> None:
    response = parse_response(f"Location: {target}\n\n".encode(), LIMITS)
    assert response == HttpResponse(302, [("Location", target)], b"")


def test_a_redirect_with_a_status_of_its_own() -> None:
    response = parse_response(b"Location: /new\nStatus: 201 Created\n\n", LIMITS)
    assert (response.status, response.reason) == (201, "Created")


def test_framing_and_our_own_headers_are_dropped() -> None:
    names = [
        "Connection",
        "Keep-Alive",
        "Proxy-Authenticate",
        "Proxy-Connection",
        "TE",
        "Trailer",
        "TRANSFER-ENCODING",
        "Upgrade",
        "X-Nexus-Outcome",
    ]
    lines = "".join(f"{name}: chunked\n" for name in names)
    response = parse_response(f"{lines}Content-Type: a/b\n\n".encode(), LIMITS)
    assert response.headers == [("Content-Type", "a/b")]


def test_a_content_length_that_is_right_is_dropped() -> None:
    response = parse_response(b"Content-Type: a/b\nContent-Length: 4\n\nbody", LIMITS)
    assert response == HttpResponse(200, [("Content-Type", "a/b")], b"body")


@pytest.mark.parametrize("length", [b"3", b"5", b"+4", b"0x4", b"4, 4", b"9" * 5000])
def test_a_content_length_that_is_wrong(length: bytes) -> None:
    limits = Limits(max_header_bytes=10_000)
    message = refusal(b"Content-Type: a/b\nContent-Length: " + length + b"\n\nbody", limits)
    assert "4 bytes after the blank line" in message


@pytest.mark.parametrize(
    ("stdout", "wanted"),
    [
        (b"Content-Type: a/b\nContent-Length: 500\n\n", 500),
        (b"Content-Type: a/b\nContent-Length: 500\n\nbody", 500),
        (b"Content-Type: a/b\nContent-Length: 0\n\nbody", 0),
        (b"Content-Type: a/b\n\nbody", 4),
        (b"Content-Type: a/b\n\n", None),
    ],
)
def test_a_head_keeps_the_length_of_the_body_that_is_not_sent(
    stdout: bytes, wanted: int | None
) -> None:
    response = parse_response(stdout, LIMITS, to_head=True)
    assert (response.body, response.length) == (b"", wanted)


@pytest.mark.parametrize("to_head", [True, False])
@pytest.mark.parametrize("length", [b"-1", b"+4", b"0x4", b"4, 4", b"x", b"9" * 20])
def test_a_length_of_no_body_is_a_number_all_the_same(length: bytes, to_head: bool) -> None:
    stdout = b"Status: 304\nContent-Length: " + length + b"\n\n"
    with pytest.raises(InvalidResponse, match="Content-Length is"):
        parse_response(stdout, LIMITS, to_head=to_head)


def test_not_modified_keeps_the_length_it_says() -> None:
    assert parse_response(b"Status: 304\nContent-Length: 500\n\n", LIMITS).length == 500
    assert parse_response(b"Status: 304\n\nbody", LIMITS).length is None


@pytest.mark.parametrize("status", [b"204", b"304"])
def test_statuses_without_a_body(status: bytes) -> None:
    assert parse_response(b"Status: " + status + b"\n\nbody", LIMITS).body == b""


def test_an_empty_header_equals_none() -> None:
    assert parse_response(b"Status: \nX-A:\nContent-Type: a/b\n\n", LIMITS).headers == [
        ("Content-Type", "a/b")
    ]
    assert "none of the headers" in refusal(b"Content-Type: \n\nbody")


@pytest.mark.parametrize(
    ("stdout", "words"),
    [
        (b"", "wrote nothing"),
        (b"hello, world", "no blank line in the guest's output, which begins with b'hello, world'"),
        (b"Content-Type: a/b\n", "no blank line"),
        (b"\nbody", "starts with a blank line"),
        (b"\r\nbody", "starts with a blank line"),
        (b"X-A: 1\n\nbody", "none of the headers Content-Type, Location and Status"),
        (b"HTTP/1.1 200 OK\nContent-Type: a/b\n\n", "is not a header"),
        (b"Content-Type : a/b\n\n", "characters that are not allowed"),
        (b": a/b\n\n", "characters that are not allowed"),
        (b"Content-Type: a/b\n folded: yes\n\n", "must not be folded"),
        (b"Content-Type: a\rSet-Cookie: x\n\n", "control character"),
        (b"Content-Type: a\0b\n\n", "control character"),
        (b"Content-Type: a\x7f\n\n", "control character"),
        (b"Status: 200\nstatus: 201\n\n", "more than one status"),
        (b"Content-Type: a/b\nContent-Type: c/d\n\n", "more than one Content-Type"),
        (b"Content-Type: a/b\nContent-Length: 0\nContent-Length: 0\n\n", "more than one"),
        (b"Content-Type: a/b\n\n" + b"x" * 101, "longer than 100 bytes"),
        (b"Content-Type: " + b"x" * 2000 + b"\n\n", "in the first 2000 bytes"),
        (b"X: 1\n" * MAX_HEADERS + b"Content-Type: a/b\n\n", "more than 100 header lines"),
    ],
)
def test_what_is_no_response(stdout: bytes, words: str) -> None:
    assert words in refusal(stdout)


def test_messages_are_short_and_printable() -> None:
    message = refusal(b"\x1b[31m\xff" * 1000, Limits())
    assert len(message) < 400
    assert message.isprintable()


def test_limits_are_exact() -> None:
    stdout = b"Content-Type: a/b\n\n" + b"x" * 100
    assert (
        len(parse_response(stdout, Limits(max_header_bytes=19, max_response_bytes=100)).body) == 100
    )
    assert "first 18 bytes" in refusal(stdout, Limits(max_header_bytes=18))


def test_equal_heads_do_not_share_what_can_be_changed() -> None:
    stdout = b"Content-Type: a/b\n\n"
    parse_response(stdout, LIMITS).headers.append(("X", "1"))
    assert parse_response(stdout, LIMITS).headers == [("Content-Type", "a/b")]


@given(
    st.one_of(
        st.binary(),
        st.lists(
            st.sampled_from(
                [
                    b"Status",
                    b"Content-Type",
                    b"Content-Length",
                    b":",
                    b" ",
                    b"200",
                    b"\r",
                    b"\n",
                    b"x",
                ]
            )
        ).map(b"".join),
    )
)
@example(b"Content-Length: \xb2\nStatus: 200\n\nxx")
def test_any_output_is_a_response_or_invalid(stdout: bytes) -> None:
    try:
        response = parse_response(stdout, LIMITS)
    except InvalidResponse:
        return
    assert 200 <= response.status <= 599
    for name, value in response.headers:
        assert not set(name + value) & set("\r\n\0")


token = st.text("ABCxyz019!#$%&'*+.^_`|~-", min_size=1).map(lambda text: "X-" + text)
value = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f"), min_size=1
)


@settings(deadline=None)
@given(
    status=st.integers(200, 599).filter(lambda status: status not in (204, 304)),
    reason=st.just("") | value,
    headers=st.lists(st.tuples(token, value), max_size=20),
    body=st.binary(max_size=100),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_what_is_written_well_is_read_back(
    status: int, reason: str, headers: list[tuple[str, str]], body: bytes, newline: str
) -> None:
    lines = [f"Status: {status} {reason}", *(f"{name}: {value}" for name, value in headers)]
    stdout = (newline.join(lines) + newline * 2).encode("latin-1") + body
    response = parse_response(stdout, Limits())
    assert response == HttpResponse(status, headers, body, reason)
