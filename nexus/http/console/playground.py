"""The playground: source text, a request to try it with, and a button that deploys it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from flask import request

from nexus.errors import InvalidArgument, NexusError
from nexus.handlers.names import check_name
from nexus.http.console.examples import LANGUAGES
from nexus.http.console.session import BY
from nexus.http.console.source import source_text
from nexus.http.console.trial import Written, try_out
from nexus.service import Service
from nexus.versions.ledger import Change
from nexus.versions.share import Share
from nexus.versions.upload import Upload, lay_out

EDITOR: Final = Path(__file__).with_name("assets") / "editor.js"
"""made by scripts/console/build.sh; without it the page has a plain field"""
_FRESH: Final = {
    "name": "hello",
    "language": "javascript",
    "source": LANGUAGES["javascript"][2],
    "manifest": "",
    "method": "GET",
    "path": "/?name=Ada",
    "headers": "",
    "body": "",
    "note": "",
    "weight": "100",
}
"""The fields of the form, with their values when it is opened"""

Render = Callable[..., str]


class Playground:
    """The views of the playground. *render* makes a page of a template and its values."""

    def __init__(self, service: Service, render: Render) -> None:
        self._service, self._render = service, render

    def playground(self) -> str:
        name = request.args.get("handler")
        return self._page({**_FRESH, **({} if name is None else self._opened(name))})

    def play(self) -> tuple[str, int]:
        given = {name: request.form.get(name, fresh) for name, fresh in _FRESH.items()}
        # A browser sends line ends as CR LF.
        given = {name: text.replace("\r\n", "\n") for name, text in given.items()}
        try:
            upload = self._upload(given)
            if request.form.get("do") == "save":
                version, _, is_new = self._service.versions.deploy(
                    upload, Change(BY), lambda _: None, _share(given["weight"])
                )
                return self._page(given, saved=version, is_new=is_new), 200
            tried = try_out(self._service, upload, _written(given))
        except NexusError as error:
            return self._page(given, problem=f"{error.code}: {error}"), 400
        return self._page(given, tried=tried), 200

    def _upload(self, given: Mapping[str, str]) -> Upload:
        """Raises: InvalidHandler for the name, InvalidArgument for the language."""
        name, language = check_name(given["name"]), given["language"]
        if language not in LANGUAGES:
            allowed = ", ".join(LANGUAGES)
            raise InvalidArgument(f"language: found {language[:40]!r}, allowed: {allowed}")
        files = {name + LANGUAGES[language][1]: given["source"].encode()}
        manifest = given["manifest"].strip().encode()
        return lay_out(name, files, manifest, self._service.abis, given["note"])

    def _opened(self, name: str) -> dict[str, str]:
        """Return the fields for the handler *name*, as far as its files are text."""
        source = self._service.handlers.catalogue.source_of(name)
        if source is None or source.is_index:
            return {}
        suffix = source.path.suffix
        languages = [key for key, (_, found, _) in LANGUAGES.items() if found == suffix]
        text = source_text(source)
        if not languages or text is None:
            return {}
        manifest = source.manifest
        kept = manifest.read_text("utf-8", "replace") if manifest.is_file() else ""
        return {
            "name": name,
            "language": languages[0],
            "source": text,
            "manifest": kept,
            "path": "/",
        }

    def _page(self, given: Mapping[str, str], **values: Any) -> str:
        return self._render(
            "playground.html",
            given=given,
            languages=LANGUAGES,
            has_editor=EDITOR.is_file(),
            **values,
        )


def _share(text: str) -> Share:
    """Raises: InvalidArgument."""
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= 100):
        raise InvalidArgument(f"share: found {text[:40]!r}, allowed: 1 to 100")
    return Share(int(text))


def _written(given: Mapping[str, str]) -> Written:
    headers = tuple(line for line in given["headers"].splitlines() if line.strip())
    return Written(given["method"].strip(), given["path"].strip(), headers, given["body"].encode())
