"""A name server on loopback (RFC 1035), and a resolver that asks it over UDP."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Sequence
from ipaddress import ip_address

_HEAD = struct.Struct("!6H")
_A, _AAAA = 1, 28
_ANSWER, _NO_SUCH_NAME = 0x8180, 0x8183


class NameServer:
    """Answers from a table; a name with several lists of addresses goes through them in turn."""

    def __init__(self) -> None:
        self.names: dict[str, list[Sequence[str]]] = {}
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = self._socket.getsockname()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def add(self, name: str, *answers: Sequence[str]) -> None:
        """Let the first look-up of *name* return the first of *answers*, and so on; the last one
        stays."""
        self.names[name] = list(answers)

    def close(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.address)
        self._thread.join()
        self._socket.close()

    def resolve(self, host: str, port: int) -> list[str]:
        """Return the addresses of *host*, in one look-up. Raises: OSError."""
        labels = b"".join(bytes([len(label)]) + label for label in host.encode().split(b"."))
        question = labels + b"\0" + struct.pack("!2H", 255, 1)  # all kinds of addresses
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(5)
            client.sendto(_HEAD.pack(1, 0x0100, 1, 0, 0, 0) + question, self.address)
            answer = client.recv(4096)
        _, flags, _, count, _, _ = _HEAD.unpack_from(answer)
        if flags != _ANSWER:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        at, found = _HEAD.size + len(question), []
        for _ in range(count):
            kind, _, _, length = struct.unpack_from("!2HIH", answer, at + 2)
            at += 12
            if kind in (_A, _AAAA):
                found.append(str(ip_address(answer[at : at + length])))
            at += length
        return found

    def _work(self) -> None:
        while True:
            question, client = self._socket.recvfrom(4096)
            if not question:
                return
            self._socket.sendto(self._answer(question), client)

    def _answer(self, question: bytes) -> bytes:
        at, labels = _HEAD.size, []
        while question[at]:
            labels.append(question[at + 1 : at + 1 + question[at]].decode())
            at += 1 + question[at]
        name, asked = ".".join(labels), question[_HEAD.size : at + 5]
        self.asked.append(name)
        answers = self.names.get(name)
        if answers is None:
            return _HEAD.pack(1, _NO_SUCH_NAME, 1, 0, 0, 0) + asked
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        records = b"".join(_record(address) for address in addresses)
        return _HEAD.pack(1, _ANSWER, 1, len(addresses), 0, 0) + asked + records


def _record(text: str) -> bytes:
    packed = ip_address(text).packed
    kind = _A if len(packed) == 4 else _AAAA
    return struct.pack("!3HIH", 0xC00C, kind, 1, 0, len(packed)) + packed
