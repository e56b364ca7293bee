"""A running Nexus server, over its runtime API."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from urllib3 import PoolManager, Retry, Timeout
from urllib3.exceptions import HTTPError

from nexus_mcp.backend import Ceiling, Offer, Refused, Result

_TIMEOUT: Final = Timeout(connect=10.0, read=600.0)
"""A first run may have to wait until a language runtime is compiled"""
_CONNECTIONS: Final = 16


class Remote:
    """Runs code on the server at a URL, which sets its own limits above ours. See `Backend`."""

    shows_printed = False  # a server's log is its operator's

    def __init__(self, url: str, token: str | None, ceiling: Ceiling) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        limits = {"timeout_ms": ceiling.timeout_ms, "memory_limit_mb": ceiling.memory_limit_mb}
        self._limits = {name: value for name, value in limits.items() if value is not None}
        self._capabilities = list(ceiling.capabilities)
        # Nothing is sent twice: an execution may have had effects.
        self._pool = PoolManager(
            maxsize=_CONNECTIONS, block=True, retries=Retry(False), timeout=_TIMEOUT
        )

    def offers(self) -> Sequence[Offer]:
        found = self._call("GET", "/v1/handlers")["handlers"]
        return [
            Offer(each["name"], each["description"], each["input_schema"])
            for each in found
            if each.get("input_schema") is not None
        ]

    def run_text(self, language: str, source: str, context: Mapping[str, Any]) -> Result:
        body = {
            "language": language,
            "source": source,
            "context": context,
            "limits": self._limits,
            "capabilities": self._capabilities,
        }
        return self._call("POST", "/v1/executions", body)

    def run_handler(self, name: str, context: Mapping[str, Any]) -> Result:
        path = f"/v1/handlers/{quote(name, safe='')}/executions"
        return self._call("POST", path, {"context": context})

    def answer(self, suspension_id: str, answer: Mapping[str, Any]) -> Result:
        return self._call("POST", f"/v1/suspensions/{quote(suspension_id, safe='')}", answer)

    def result(self, execution_id: str, wait_ms: int) -> Result:
        path = f"/v1/executions/{quote(execution_id, safe='')}?wait_ms={wait_ms}"
        return self._call("GET", path)

    def close(self) -> None:
        self._pool.clear()

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Result:
        try:
            answer = self._pool.request(
                method, self._url + path, headers=self._headers, json=body, redirect=False
            )
        except HTTPError as error:
            raise Refused("UNREACHABLE", f"cannot reach {self._url}: {error}") from error
        try:
            value: Result = json.loads(answer.data)
            if answer.status < 300:
                return value
            raise Refused(value["code"], value["detail"])
        except (ValueError, KeyError, TypeError) as error:
            raise Refused(
                "UNREACHABLE", f"{self._url} answers {answer.status}; it may not be a Nexus server"
            ) from error
