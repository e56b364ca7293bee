"""The host's side of crypto.subtle, asked by a guest that may send anything."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from nexus.guest.js.webcrypto.failure import Failure
from nexus.guest.js.webcrypto.rsa_check import check_private
from nexus.guest.js.webcrypto.service import CryptoService
from nexus.guest.preview1.errno import Refused


class Host:
    """One execution's service, and its answers as (status, line, bytes)."""

    def __init__(self, *, shows_keys: bool = False) -> None:
        services: Any = SimpleNamespace(kept={})
        self._service = CryptoService(lambda: services, shows_keys=shows_keys)
        self._service.run = SimpleNamespace()  # type: ignore[assignment]

    def ask(self, *pieces: bytes, **fields: object) -> tuple[int, Any, bytes]:
        head = json.dumps({**fields, "sizes": [len(piece) for piece in pieces]}).encode()
        return self.send(b"\n".join((head, b"".join(pieces))))

    def send(self, message: bytes) -> tuple[int, Any, bytes]:
        self._service.write(memoryview(message))
        answer = self._service.read(1 << 20)
        line, _, content = answer[5:].partition(b"\n")
        assert int.from_bytes(answer[1:5], "little") == len(answer) - 5
        return answer[0], json.loads(line), content


def secret(host: Host, *, extractable: bool) -> tuple[int, Any, bytes]:
    return host.ask(b"0123", op="import", family="secret", form="raw", extractable=extractable)


def test_a_key_that_is_not_extractable_never_leaves() -> None:
    host = Host()
    status, line, content = secret(host, extractable=False)
    assert (status, line, content) == (0, {"key": 0, "size": 4}, b"")
    status, line, content = host.ask(op="export", key=0, form="raw")
    assert (status, line["name"], content) == (1, "InvalidAccessError", b"")


def test_an_extractable_key_leaves() -> None:
    host = Host()
    secret(host, extractable=True)
    assert host.ask(op="export", key=0, form="raw") == (0, None, b"0123")


def test_set_up_gets_the_bytes_for_its_snapshot() -> None:
    assert secret(Host(shows_keys=True), extractable=False)[2] == b"0123"


@pytest.mark.parametrize(
    "fields",
    [
        {"op": "export", "key": 7, "form": "raw"},
        {"op": "export", "key": "0", "form": "raw"},
        {"op": "sign", "name": "ECDSA", "key": 0, "hash": "SHA-256"},
        {"op": "sign", "name": "HMAC", "key": 0, "hash": "MD4"},
        {"op": "encrypt", "name": "AES-GCM", "key": 0, "tag": 16},
        {"op": "derive", "name": "ECDH", "key": 0, "public": 0},
        {"op": "import", "family": "EC", "form": "raw", "curve": "P-1"},
        {"op": "import", "family": "secret"},
        {"op": "generate", "family": "EC", "curve": []},
        {"op": "generate", "family": "secret", "bits": -8},
        {"op": "__class__"},
        {"op": []},
        {},
    ],
)
def test_a_message_that_makes_no_sense_is_a_failure(fields: dict[str, object]) -> None:
    host = Host()
    secret(host, extractable=True)
    status, line, content = host.ask(b"", **fields)
    assert (status, content) == (1, b"")
    assert line["name"] in ("OperationError", "InvalidAccessError", "DataError")


@pytest.mark.parametrize("message", [b"", b"{", b"[]", b'{"sizes": 1}\n', b'{"sizes": ["x"]}\n'])
def test_a_message_that_cannot_be_read_is_refused(message: bytes) -> None:
    with pytest.raises(Refused):
        Host().send(message)


def _numbers(**changes: int) -> rsa.RSAPrivateNumbers:
    found = rsa.generate_private_key(65537, 1024).private_numbers()
    names = ("p", "q", "d", "dmp1", "dmq1", "iqmp")
    values = {name: getattr(found, name) + changes.get(name, 0) for name in names}
    return rsa.RSAPrivateNumbers(**values, public_numbers=found.public_numbers)


def test_the_numbers_of_a_real_key_belong_together() -> None:
    check_private(_numbers())


@pytest.mark.parametrize("name", ["p", "q", "d", "dmp1", "dmq1", "iqmp"])
def test_one_wrong_number_is_noticed(name: str) -> None:
    with pytest.raises(Failure, match="do not belong together"):
        check_private(_numbers(**{name: 2}))


def test_factors_that_are_not_primes_are_noticed() -> None:
    found = _numbers()
    p = found.p * 3
    n, e, q = p * found.q, 65537, found.q
    d = pow(e, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(e, n)
    made = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public)
    with pytest.raises(Failure, match="do not belong together"):
        check_private(made)
