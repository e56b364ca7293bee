"""Requests that two servers in a row might read in different ways, and the right answer to each.

Each is sent on a connection of its own, with a request for `/echo/sentinel` behind it. What counts
is which answers come, and whether the connection goes on to the sentinel: it must not where the end
of a request is in doubt (RFC 9112 sections 6.3 and 11.2).
"""

from __future__ import annotations

from typing import Final, NamedTuple

HOST: Final = b"Host: a.example\r\n"
SENTINEL: Final = b"GET /echo/sentinel HTTP/1.1\r\nHost: s\r\nConnection: close\r\n\r\n"
SMUGGLED: Final = b"GET /echo/smuggled HTTP/1.1\r\nHost: evil\r\n\r\n"
CHUNKED: Final = b"Transfer-Encoding: chunked\r\n"
HELLO: Final = b"5\r\nhello\r\n0\r\n\r\n"
MAX_BODY_BYTES: Final = 100_000
"""the server's `max_request_bytes`"""


class Attempt(NamedTuple):
    """Bytes, and what they must come to."""

    data: bytes
    statuses: tuple[int, ...]
    """of all answers before the sentinel's"""
    goes_on: bool | None
    """whether the sentinel is answered; None: both are right"""
    url: str = ""
    """what the handler must see as the URL of the last request before the sentinel"""
    body_bytes: int | None = None
    """how much the handler must see of its body"""


def post(
    headers: bytes,
    body: bytes = b"",
    *,
    method: bytes = b"POST",
    path: bytes = b"/echo",
    version: bytes = b"1.1",
) -> bytes:
    return b"%b %b HTTP/%b\r\n%b%b\r\n%b" % (method, path, version, HOST, headers, body)


def line(first: bytes) -> bytes:
    return b"%b\r\n%b\r\n" % (first, HOST)


def target(text: bytes) -> bytes:
    return line(b"GET %b HTTP/1.1" % text)


def head(lines: bytes) -> bytes:
    return b"GET /echo HTTP/1.1\r\n%b%b\r\n" % (HOST, lines)


def host(lines: bytes) -> bytes:
    return b"GET /echo HTTP/1.1\r\n%b\r\n" % lines


def refused(status: int, **attempts: bytes) -> dict[str, Attempt]:
    """Attempts that are answered with *status*, and nothing behind them."""
    return {name: Attempt(data, (status,), False) for name, data in attempts.items()}


def taken(body_bytes: int, **attempts: bytes) -> dict[str, Attempt]:
    """Requests that are as they must be, with so much of a body."""
    return {
        name: Attempt(data, (200,), True, "http://a.example/echo", body_bytes)
        for name, data in attempts.items()
    }


def _both(value: bytes) -> bytes:
    """A length, and a transfer coding: who goes by one meets the rest as a request of its own."""
    return post(b"Transfer-Encoding:%b\r\nContent-Length: 5\r\n" % value, b"0\r\n\r\n" + SMUGGLED)


LENGTH_AND_CODING: Final = {
    **refused(
        400,
        length_and_chunked=_both(b" chunked"),
        chunked_and_length=post(CHUNKED + b"Content-Length: 5\r\n", b"0\r\n\r\n" + SMUGGLED),
        length_0_and_chunked=post(b"Content-Length: 0\r\n" + CHUNKED, b"0\r\n\r\n"),
        length_and_chunked_in_capitals=_both(b" CHUNKED"),
        length_and_tab_chunked=_both(b"\tchunked"),
        length_and_vertical_tab_chunked=_both(b"\x0bchunked"),
        length_and_identity=_both(b" identity"),
        length_and_identity_chunked=_both(b" identity, chunked"),
        length_and_chunked_identity=_both(b" chunked, identity"),
        length_and_gzip=_both(b" gzip"),
        length_and_gzip_chunked=_both(b" gzip, chunked"),
        length_and_chunked_twice=_both(b" chunked, chunked"),
        length_and_chunked_nul=_both(b" chunked\0"),
        length_and_chunked_space=_both(b" chunked "),
        length_and_chunked_control=_both(b" chunked\x01"),
    ),
    **refused(
        501,
        length_and_quoted_chunked=_both(b' "chunked"'),
        length_and_xchunked=_both(b" xchunked"),
        length_and_no_coding=_both(b""),
        length_and_comma=_both(b" ,"),
        length_and_chunked_comma=_both(b" chunked,"),
        length_and_comma_chunked=_both(b" ,chunked"),
        length_and_chunked_with_a_parameter=_both(b" chunked;q=1"),
        length_and_no_break_space_chunked=_both(b" \xc2\xa0chunked"),
        length_and_kelvin_sign=_both("chun\u212aed".encode()),
    ),
}


def _coding(value: bytes, name: bytes = b"Transfer-Encoding") -> bytes:
    return post(b"%b:%b\r\n" % (name, value), HELLO)


CODINGS: Final = {
    **taken(
        5,
        chunked=_coding(b" chunked"),
        chunked_in_any_case=_coding(b" ChUnKeD"),
        chunked_without_a_space=_coding(b"chunked"),
    ),
    **refused(
        400,
        identity=_coding(b" identity"),
        gzip=_coding(b" gzip"),
        gzip_chunked=_coding(b" gzip, chunked"),
        chunked_gzip=_coding(b" chunked, gzip"),
        chunked_twice=_coding(b" chunked, chunked"),
        chunked_on_two_lines=post(CHUNKED + CHUNKED, HELLO),
        chunked_then_identity=post(CHUNKED + b"Transfer-Encoding: identity\r\n", HELLO),
        chunked_of_http_1_0=post(CHUNKED, HELLO, version=b"1.0"),
        coding_with_space=_coding(b" chunked", b"Transfer-Encoding "),
        coding_with_tab=_coding(b" chunked", b"Transfer-Encoding\t"),
        coding_behind_space=_coding(b" chunked", b" Transfer-Encoding"),
        coding_folded=post(b"Transfer-Encoding:\r\n chunked\r\n", HELLO),
        coding_folded_behind_another=post(b"X: y\r\n Transfer-Encoding: chunked\r\n"),
        coding_behind_a_bare_lf=post(b"X: y\nTransfer-Encoding: chunked\r\n", HELLO),
        coding_behind_a_bare_cr=post(b"X: y\rTransfer-Encoding: chunked\r\n", HELLO),
    ),
    **refused(501, nonsense=_coding(b" nonsense"), no_coding=_coding(b"")),
    # Obsolete since RFC 9112: to undo nothing, or to refuse.
    "identity_then_chunked": Attempt(
        post(b"Transfer-Encoding: identity\r\n" + CHUNKED, HELLO), (400,), None
    ),
    # A name with an underscore is another name, which CGI could not tell apart: it is dropped. So
    # this has no body, and what follows is no request.
    "coding_with_underscore": Attempt(
        _coding(b" chunked", b"Transfer_Encoding"), (200, 400), False
    ),
}


def _length(value: bytes, body: bytes = b"hello") -> bytes:
    return post(b"Content-Length:%b\r\n" % value, body)


_TWO_LENGTHS = b"Content-Length: %b\r\nContent-Length: %b\r\n"
LENGTHS: Final = {
    **taken(
        5,
        length=_length(b" 5"),
        length_without_a_space=_length(b"5"),
        length_in_spaces=_length(b"  5  "),
        length_behind_tab=_length(b"\t5"),
        length_with_zeros=_length(b" 005"),
        length_of_http_1_0_kept_alive=post(
            b"Content-Length: 5\r\nConnection: keep-alive\r\n", b"hello", version=b"1.0"
        ),
        length_of_a_get=post(b"Content-Length: 5\r\n", b"hello", method=b"GET"),
    ),
    **refused(
        400,
        length_plus=_length(b" +5"),
        length_minus=_length(b" -5"),
        length_minus_0=_length(b" -0"),
        length_fraction=_length(b" 5.0"),
        length_hexadecimal=_length(b" 0x5"),
        length_exponent=_length(b" 5e0"),
        length_digit_group=_length(b" 1_0", b"0123456789"),
        length_two_numbers=_length(b" 5 5"),
        length_list=_length(b" 5, 5"),
        length_list_of_two=_length(b" 5, 6"),
        length_semicolon=_length(b" 5;"),
        length_empty=_length(b""),
        length_in_words=_length(b" five"),
        length_superscript=_length(b" \xb2"),
        length_arabic=_length(" ٥".encode()),
        length_nul=_length(b" 5\0"),
        length_vertical_tab=_length(b"\x0b5"),
        length_twice=post(_TWO_LENGTHS % (b"5", b"5"), b"hello"),
        length_5_and_0=post(_TWO_LENGTHS % (b"5", b"0"), b"hello"),
        length_0_and_43=post(_TWO_LENGTHS % (b"0", b"43"), SMUGGLED),
        length_name_with_space=post(b"Content-Length : 5\r\n", b"hello"),
        length_folded=post(b"Content-Length:\r\n 5\r\n", b"hello"),
        length_beyond_64_bits=_length(b" 99999999999999999999999"),
        length_beyond_what_comes=_length(b" 500"),
    ),
    **refused(413, length_beyond_the_cap=_length(b" 99999999999")),
    "length_with_underscore": Attempt(
        post(b"Content_Length: 43\r\n"), (200,), True, "http://a.example/echo", 0
    ),
    "length_of_http_1_0": Attempt(
        post(b"Content-Length: 5\r\n", b"hello", version=b"1.0"),
        (200,),
        False,
        "http://a.example/echo",
        5,
    ),
    "length_of_a_head": Attempt(
        post(b"Content-Length: 5\r\n", b"hello", method=b"HEAD"), (200,), True
    ),
}


def _chunks(body: bytes) -> bytes:
    return post(CHUNKED, body)


def _sized(size: bytes, data: bytes = b"hello") -> bytes:
    """A chunk with this line ahead of it."""
    return _chunks(b"%b%b\r\n0\r\n\r\n" % (size, data))


def _ended(end: bytes) -> bytes:
    return _chunks(b"5\r\nhello%b0\r\n\r\n" % end)


def _trailed(trailer: bytes) -> bytes:
    return _chunks(b"5\r\nhello\r\n0\r\n%b\r\n" % trailer)


CHUNKS: Final = {
    **taken(
        5,
        chunks=_chunks(HELLO),
        chunks_with_zeros=_chunks(b"0005\r\nhello\r\n000\r\n\r\n"),
        chunks_with_many_zeros=_sized(b"0" * 40 + b"5\r\n"),
        chunks_extension=_chunks(b"5;a=b\r\nhello\r\n0;c\r\n\r\n"),
        chunks_quoted_extension=_sized(b'5;a="b;c"\r\n'),
        chunks_space_extension=_sized(b"5 ;a\r\n"),
        chunks_trailer=_trailed(b"X-Sum: 1\r\n"),
    ),
    **taken(10, chunks_in_capitals=_sized(b"A\r\n", b"0123456789")),
    **refused(
        400,
        chunks_extension_with_lf=_sized(b"5;a\n"),
        chunks_extension_with_cr=_sized(b"5;a\rb\r\n"),
        chunks_extension_with_nul=_sized(b"5;a\0\r\n"),
        chunks_extension_without_end=_sized(b"5;" + b"a" * 100_000 + b"\r\n"),
        chunks_hexadecimal=_sized(b"0x5\r\n"),
        chunks_plus=_sized(b"+5\r\n"),
        chunks_minus=_sized(b"-5\r\n"),
        chunks_behind_space=_sized(b" 5\r\n"),
        chunks_space=_sized(b"5 \r\n"),
        chunks_tab=_sized(b"5\t\r\n"),
        chunks_digit_group=_sized(b"1_0\r\n", b"0123456789abcdef"),
        chunks_no_digit=_sized(b"g\r\n"),
        chunks_no_size=_sized(b"\r\n"),
        chunks_size_with_lf=_sized(b"5\n"),
        chunks_size_with_cr=_sized(b"5\r"),
        chunks_overflow=_sized(b"fffffffffffffffff\r\n"),
        chunks_beyond_64_bits=_sized(b"10000000000000005\r\n"),
        chunks_data_too_short=_sized(b"6\r\n"),
        chunks_data_too_long=_sized(b"4\r\n"),
        chunks_data_with_lf=_ended(b"\n"),
        chunks_data_with_cr=_ended(b"\r"),
        chunks_data_with_letters=_ended(b"xx"),
        chunks_without_the_last=_chunks(b"5\r\nhello\r\n"),
        chunks_last_with_lf=_chunks(b"5\r\nhello\r\n0\n\n"),
        chunks_last_without_a_line=_chunks(b"5\r\nhello\r\n0\r\n"),
        chunks_trailer_length=_trailed(b"Content-Length: 43\r\n"),
        chunks_trailer_coding=_trailed(CHUNKED),
        chunks_trailer_host=_trailed(b"Host: evil\r\n"),
        chunks_trailer_authorization=_trailed(b"Authorization: x\r\n"),
        chunks_trailer_folded=_trailed(b"X: 1\r\n 2\r\n"),
        chunks_trailer_without_colon=_trailed(b"x\r\n"),
        chunks_trailer_with_lf=_trailed(b"X: 1\n"),
    ),
    "chunks_beyond_the_cap": Attempt(
        _sized(b"%x\r\n" % (MAX_BODY_BYTES + 1), b"x" * (MAX_BODY_BYTES + 1)), (413,), None
    ),
    "chunks_and_a_request": Attempt(
        _chunks(HELLO + SMUGGLED), (200, 200), True, "http://evil/echo/smuggled", 0
    ),
}

LINES: Final = {
    **taken(
        0,
        line=line(b"GET /echo HTTP/1.1"),
        line_behind_an_empty_one=b"\r\n" + line(b"GET /echo HTTP/1.1"),
        line_of_http_1_2=line(b"GET /echo HTTP/1.2"),
        line_with_an_unknown_method=line(b"BREW /echo HTTP/1.1"),
    ),
    **refused(
        400,
        line_two_spaces=line(b"GET  /echo HTTP/1.1"),
        line_two_spaces_behind=line(b"GET /echo  HTTP/1.1"),
        line_tabs=line(b"GET\t/echo\tHTTP/1.1"),
        line_behind_space=line(b" GET /echo HTTP/1.1"),
        line_space_behind=line(b"GET /echo HTTP/1.1 "),
        line_behind_two_empty_ones=b"\r\n\r\n" + line(b"GET /echo HTTP/1.1"),
        line_behind_lf=b"\n" + line(b"GET /echo HTTP/1.1"),
        line_with_lf=b"GET /echo HTTP/1.1\n" + HOST + b"\r\n",
        line_with_cr=b"GET /echo HTTP/1.1\r" + HOST + b"\r\n",
        line_without_a_version=line(b"GET /echo"),
        line_of_http_0_9=line(b"GET /echo HTTP/0.9"),
        line_of_http_1_10=line(b"GET /echo HTTP/1.10"),
        line_of_http_2=line(b"GET /echo HTTP/2.0"),
        line_of_http_1=line(b"GET /echo HTTP/1"),
        line_of_http_in_lower_case=line(b"GET /echo http/1.1"),
        line_of_another_protocol=line(b"GET /echo ICY/1.1"),
        line_version_with_space=line(b"GET /echo HTTP /1.1"),
        line_of_http_2_itself=b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        line_of_tls=b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40) + b"\r\n\r\n",
        line_method_in_lower_case=line(b"get /echo HTTP/1.1"),
        line_method_no_token=line(b"GE(T /echo HTTP/1.1"),
        line_without_a_method=line(b" /echo HTTP/1.1"),
        line_without_a_target=line(b"GET  HTTP/1.1"),
        target_with_space=target(b"/echo x"),
        target_with_nul=target(b"/echo\0"),
        target_with_latin_1=target(b"/echo\xe9"),
        target_relative=target(b"echo"),
        target_of_the_server=target(b"*"),
        connect=line(b"CONNECT a.example:443 HTTP/1.1"),
        connect_with_a_path=line(b"CONNECT /echo HTTP/1.1"),
    ),
    **refused(414, line_too_long=target(b"/" + b"a" * 9000)),
    "target_of_another_host": Attempt(
        target(b"http://b.example/echo"), (200,), True, "http://b.example/echo", 0
    ),
    "target_with_two_slashes": Attempt(target(b"//evil/echo"), (404,), True),
    "target_without_a_path": Attempt(target(b"http://a.example"), (404,), True),
    "options_of_the_server": Attempt(line(b"OPTIONS * HTTP/1.1"), (204,), True),
    **{
        f"target_{name}": Attempt(target(text), (400,), None)
        for name, text in {
            "with_a_fragment": b"/echo#x",
            "with_dots": b"/echo/../secret",
            "with_one_dot": b"/echo/./x",
            "with_encoded_dots": b"/echo/%2e%2E/secret",
            "with_encoded_slashes": b"/echo%2f..%2fsecret",
            "with_backslashes": b"/echo\\..\\secret",
            "with_an_encoded_nul": b"/echo/%00",
            "of_another_scheme": b"https://a.example/echo",
            "with_a_user": b"http://a.example@evil/echo",
            "with_a_bad_port": b"http://a.example:99999/echo",
            "with_an_open_bracket": b"http://[::1/echo",
            "of_a_file": b"file:///etc/passwd",
        }.items()
    },
}

HEADS: Final = {
    **taken(
        0,
        head_value_with_latin_1=head(b"X: \xe9\r\n"),
        head_script_name=head(b"SCRIPT_NAME: /echo\r\n"),
        head_path_info=head(b"PATH_INFO: /secret\r\n"),
        head_remote_user=head(b"REMOTE_USER: root\r\n"),
        head_http_host=head(b"HTTP_HOST: evil\r\n"),
        head_proxy=head(b"Proxy: http://evil\r\n"),
        head_upgrade=head(b"Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n"),
        head_cookies=head(b"Cookie: a=1, 2\r\nX: 1\r\nCookie: b=3\r\n"),
    ),
    **taken(
        5,
        head_connection_length=post(
            b"Connection: Content-Length\r\nContent-Length: 5\r\n", b"hello"
        ),
    ),
    **refused(
        400,
        head_without_colon=head(b"nonsense\r\n"),
        head_without_a_name=head(b": x\r\n"),
        head_name_with_space=head(b"X Y: 1\r\n"),
        head_name_behind_space=head(b"X : 1\r\n"),
        head_name_with_nul=head(b"X\0: 1\r\n"),
        head_name_with_latin_1=head(b"X\xe9: 1\r\n"),
        head_value_with_nul=head(b"X: a\0b\r\n"),
        head_value_with_cr=head(b"X: a\rb\r\n"),
        head_value_with_lf=head(b"X: a\nb: c\r\n"),
        head_folded=head(b"X: a\r\n b\r\n"),
        head_folded_first=host(b" X: a\r\n" + HOST),
        head_ends_with_lf=b"GET /echo HTTP/1.1\r\n" + HOST + b"\n",
        head_lines_end_with_lf=b"GET /echo HTTP/1.1\nHost: a\n\n",
        head_two_content_types=head(b"Content-Type: a/b\r\nContent-Type: c/d\r\n"),
    ),
    **refused(
        431,
        head_many=head(b"".join(b"X-%d: 1\r\n" % number for number in range(200))),
        head_long=head(b"X: " + b"a" * 10_000 + b"\r\n"),
    ),
    **refused(417, head_expects=post(b"Expect: nonsense\r\nContent-Length: 5\r\n", b"hello")),
}

HOSTS: Final = {
    "host_with_a_port": Attempt(
        host(b"Host: a.example:8080\r\n"), (200,), True, "http://a.example:8080/echo", 0
    ),
    "host_address": Attempt(
        host(b"Host: [::1]:8080\r\n"), (200,), True, "http://[::1]:8080/echo", 0
    ),
    "host_empty": Attempt(host(b"Host:\r\n"), (200,), True, "http://SERVER/echo", 0),
    "host_none_of_http_1_0": Attempt(
        b"GET /echo HTTP/1.0\r\n\r\n", (200,), False, "http://SERVER/echo", 0
    ),
    **refused(
        400,
        host_twice=host(b"Host: a\r\nHost: b\r\n"),
        host_twice_the_same=host(b"Host: a\r\nHost: a\r\n"),
    ),
    "host_none": Attempt(host(b""), (400,), None),
    **{
        f"host_{name}": Attempt(host(b"Host: %b\r\n" % text), (400,), None)
        for name, text in {
            "two_in_one": b"a, b",
            "with_a_path": b"a/admin?",
            "with_a_query": b"a?",
            "with_a_space": b"a b",
            "with_a_user": b"a@b",
            "with_a_bad_port": b"a:99999",
            "with_a_port_of_letters": b"a:b",
            "with_two_ports": b"a:80:80",
            "with_an_open_bracket": b"[::1",
            "with_a_zone": b"[fe80::1%25eth0]",
            "a_number": b"0x7f.1",
            "percent": b"a%2fb",
            "latin_1": b"\xe9",
        }.items()
    },
}

_WITH_SMUGGLED = b"Content-Length: %d\r\n" % len(SMUGGLED)
SEVERAL: Final = {
    "two_requests": Attempt(head(b"") + head(b""), (200, 200), True, "http://a.example/echo", 0),
    "two_requests_one_bad": Attempt(head(b"") + b"NONSENSE\r\n\r\n", (200, 400), False),
    "more_after_close": Attempt(
        head(b"Connection: close\r\n") + SMUGGLED, (200,), False, "http://a.example/echo", 0
    ),
    "more_after_http_1_0": Attempt(
        b"GET /echo HTTP/1.0\r\n" + HOST + b"\r\n" + SMUGGLED,
        (200,),
        False,
        "http://a.example/echo",
        0,
    ),
    **taken(
        len(SMUGGLED),
        body_of_a_request=post(_WITH_SMUGGLED, SMUGGLED),
        body_of_a_get=post(_WITH_SMUGGLED, SMUGGLED, method=b"GET"),
    ),
    "body_of_nobody": Attempt(post(_WITH_SMUGGLED, SMUGGLED, path=b"/nowhere"), (404,), None),
    "body_of_a_refused_method": Attempt(
        post(_WITH_SMUGGLED, SMUGGLED, path=b"/metrics"), (405,), None
    ),
    "chunks_of_nobody": Attempt(post(CHUNKED, HELLO, path=b"/nowhere"), (404,), None),
    "body_behind_a_bad_host": Attempt(
        b"POST /echo HTTP/1.1\r\nHost: a b\r\n%b\r\n%b" % (_WITH_SMUGGLED, SMUGGLED), (400,), None
    ),
    "body_behind_a_bad_target": Attempt(
        post(_WITH_SMUGGLED, SMUGGLED, path=b"/echo/../x"), (400,), None
    ),
}

CORPUS: Final[dict[str, Attempt]] = {
    **LENGTH_AND_CODING,
    **CODINGS,
    **LENGTHS,
    **CHUNKS,
    **LINES,
    **HEADS,
    **HOSTS,
    **SEVERAL,
}
