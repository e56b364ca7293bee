"""A repository of an OCI registry over HTTP: its tags, manifests and blobs.

The package `oras` finds credentials, as docker and podman keep them, and gets tokens for them.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

import oras.container
import oras.provider
import requests
from oras.logger import setup_logger
from requests.adapters import HTTPAdapter

MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
_TIMEOUTS_S: Final = (5.0, 10.0)
"""for connecting, and between two parts of an answer"""
_PAGE: Final = 1000
"""tags in one answer"""
_MISSING: Final = 404
_NO_DELETE: Final = (405, 400)
"""what registries answer that delete nothing"""


class Registry:
    """One repository. Thread-safe. Every method raises requests.RequestException or ValueError if
    the registry cannot be reached, or answers something else than it should."""

    def __init__(self, host: str, repository: str, *, is_plain: bool) -> None:
        """*is_plain*: speak HTTP, not HTTPS."""
        setup_logger(quiet=True)  # errors come as exceptions, and are logged once
        self._host, self._repository, self._is_plain = host, repository, is_plain
        self._root = f"{'http' if is_plain else 'https'}://{host}/v2/"
        self._lock = threading.Lock()  # guards _provider, whose session is for one thread
        self._provider: Any = None

    def close(self) -> None:
        """Close the connections. The next call opens another, and reads the credentials again."""
        with self._lock:
            self._drop()

    # ---- tags and manifests -----------------------------------------------------------------

    def tags(self) -> list[str]:
        """Return the names of all tags."""
        found: list[str] = []
        path = f"tags/list?n={_PAGE}"
        while path:
            answer = self._ask("GET", path, (200, _MISSING))
            if answer.status_code == _MISSING:  # nothing was pushed yet
                return []
            found += answer.json().get("tags") or []
            path = answer.links.get("next", {}).get("url", "")
        return found

    def digest(self, reference: str) -> str | None:
        """Return the digest of the manifest that *reference*, a tag or a digest, names, or None."""
        answer = self._ask("HEAD", f"manifests/{reference}", (200, _MISSING))
        if answer.status_code == _MISSING:
            return None
        named = answer.headers.get("Docker-Content-Digest")
        if named:
            return str(named)
        found = self.manifest(reference)
        return None if found is None else found[1]

    def manifest(self, reference: str) -> tuple[dict[str, Any], str] | None:
        """Return the manifest that *reference* names and its digest, or None."""
        answer = self._ask("GET", f"manifests/{reference}", (200, _MISSING))
        if answer.status_code == _MISSING:
            return None
        found = answer.json()
        if not isinstance(found, dict):
            raise ValueError(f"the manifest {reference} is not a JSON object")
        return found, digest_of(answer.content)

    def put_manifest(self, tag: str, manifest: Mapping[str, Any]) -> str:
        """Let *tag* name *manifest*; return its digest."""
        content = as_bytes(manifest)
        self._ask("PUT", f"manifests/{tag}", (201,), content, MANIFEST)
        return digest_of(content)

    def delete_manifest(self, digest: str) -> bool:
        """Delete a manifest and its tags; return False if the registry deletes nothing."""
        answer = self._ask("DELETE", f"manifests/{digest}", (202, _MISSING, *_NO_DELETE))
        return answer.status_code not in _NO_DELETE

    # ---- blobs ------------------------------------------------------------------------------

    def blob(self, digest: str) -> bytes | None:
        """Return the blob with this *digest*, or None."""
        answer = self._ask("GET", f"blobs/{digest}", (200, _MISSING))
        return None if answer.status_code == _MISSING else answer.content

    def put_blob(self, content: bytes) -> str:
        """Keep *content* unless it is there; return its digest."""
        digest = digest_of(content)
        if self._ask("HEAD", f"blobs/{digest}", (200, _MISSING)).status_code == _MISSING:
            begun = self._ask("POST", "blobs/uploads/", (202,))
            place = urljoin(begun.url, begun.headers["Location"])
            mark = "&" if "?" in place else "?"
            kind = "application/octet-stream"
            self._ask("PUT", f"{place}{mark}digest={digest}", (201,), content, kind)
        return digest

    # ---- requests ---------------------------------------------------------------------------

    def _ask(
        self,
        method: str,
        path: str,
        expected: tuple[int, ...],
        body: bytes | None = None,
        kind: str = "",
    ) -> requests.Response:
        headers = {"Content-Type": kind} if kind else {"Accept": MANIFEST}
        url = urljoin(f"{self._root}{self._repository}/", path)
        with self._lock:
            try:
                answer: requests.Response = self._opened().do_request(
                    url, method, body, dict(headers)
                )
                if answer.status_code == 401:  # a token that has expired, or is for reading alone
                    self._provider.auth.token = None
                    answer = self._provider.do_request(url, method, body, dict(headers))
            except BaseException:
                self._drop()
                raise
        if answer.status_code not in expected:
            text = " ".join(answer.text.split())[:300]
            raise ValueError(f"{method} {url} answered {answer.status_code}: {text}")
        return answer

    def _opened(self) -> Any:
        if self._provider is None:
            self._provider = self._made("token")
            asked = self._provider.session.get(self._root).headers.get("WWW-Authenticate", "")
            if asked.lower().startswith("basic"):
                self._drop()
                self._provider = provider = self._made("basic")
                if not hasattr(provider.auth, "_basic_auth"):
                    raise ValueError(
                        f"{self._host} wants a password; DOCKER_CONFIG has none for it"
                    )
                provider.session.headers.update(provider.auth.get_auth_header())
        return self._provider

    def _made(self, auth: str) -> Any:
        made = oras.provider.Registry(self._host, insecure=self._is_plain, auth_backend=auth)
        for scheme in ("http://", "https://"):
            made.session.mount(scheme, _Patient())
        folder = os.environ.get("DOCKER_CONFIG")
        configs = [str(Path(folder) / "config.json")] if folder else []
        container = oras.container.Container(f"{self._host}/{self._repository}")
        made.auth.load_configs(container, configs)
        return made

    def _drop(self) -> None:
        provider, self._provider = self._provider, None
        if provider is not None:
            provider.session.close()


class _Patient(HTTPAdapter):
    """Limits how long a request may wait, which the package does not."""

    def send(self, request: Any, *args: Any, **options: Any) -> requests.Response:
        options["timeout"] = _TIMEOUTS_S
        return super().send(request, *args, **options)


def as_bytes(manifest: Mapping[str, Any]) -> bytes:
    """Return *manifest* as it is pushed: the same one always has the same digest."""
    return json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()


def digest_of(content: bytes) -> str:
    """Return the digest of *content*, with its algorithm."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
