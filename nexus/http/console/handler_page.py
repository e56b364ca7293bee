"""The page of one handler, and the forms on it that change which versions serve."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from flask import redirect, request, url_for
from pydantic import ValidationError
from werkzeug.wrappers import Response

from nexus.config.problems import explain
from nexus.errors import HandlerNotFound, InvalidArgument, NexusError, StoreUnavailable
from nexus.handlers.facts import facts_of
from nexus.http.api.version_models import SharedWeights
from nexus.http.console.session import BY
from nexus.http.console.source import source_text
from nexus.http.errors import STATUS
from nexus.live import Live
from nexus.service import Service
from nexus.versions.ledger import Change
from nexus.versions.record import Record

_MOST_FAILURES: Final = 20
_MOST_EVENTS: Final = 20


class HandlerPage:
    """The views of one handler. *render* makes a page of a template and its values."""

    def __init__(self, service: Service, live: Live, render: Callable[..., str]) -> None:
        self._service, self._live, self._render = service, live, render

    def handler(self, name: str) -> str:
        return self._page(name)

    def share(self, name: str) -> Response | tuple[str, int]:
        """Let one version serve, or several their parts of a hundred requests."""
        try:
            record, _ = self._service.versions.read(name)
            weights, sticky = self._wanted(record)
            change = Change(BY, [request.form.get("seen", "")])  # 412 if something changed since
            self._service.versions.weigh(name, weights, sticky, change)
        except NexusError as error:
            return self._page(name, problem=f"{error.code}: {error}"), STATUS[error.code]
        return redirect(url_for("console.handler", name=name, _anchor="versions"), 303)

    def _wanted(self, record: Record) -> tuple[dict[str, int], str]:
        """Return the weights and the stickiness in the form. Raises: InvalidArgument."""
        alone = request.form.get("alone", "")
        if alone:
            return {alone: 100}, ""
        weights = {}
        for version in record.versions:
            text = request.form.get(f"weight-{version.id}", "").strip() or "0"
            if not text.isascii() or not text.isdigit() or len(text) > 3:
                raise InvalidArgument(f"{version.id}: found {text[:40]!r}, allowed: 0 to 100")
            if int(text):
                weights[version.id] = int(text)
        given = {"weights": weights, "sticky": request.form.get("sticky", "").strip()}
        try:
            shared = SharedWeights.model_validate(given)
        except ValidationError as error:
            found = explain(error, SharedWeights, lambda _: "shares")
            raise InvalidArgument("; ".join(found)) from error
        return shared.weights, shared.sticky

    def _page(self, name: str, **values: Any) -> str:
        """Raises: HandlerNotFound."""
        catalogue = self._service.handlers.catalogue
        found = catalogue.handlers.get(name)
        if found is None:
            raise HandlerNotFound(f"no handler {name[:80]!r}")
        source = catalogue.source_of(name)
        return self._render(
            "handler.html",
            handler=found,
            facts=facts_of(found),
            file="" if source is None else source.file,
            source=None if source is None else source_text(source),
            failures=self._live.failures(name)[:_MOST_FAILURES],
            **self._versions(name),
            **values,
        )

    def _versions(self, name: str) -> dict[str, Any]:
        try:
            record, tag = self._service.versions.read(name)
        except StoreUnavailable as error:
            return {"record": Record(), "tag": "", "away": str(error)}
        history = list(reversed(record.history))[:_MOST_EVENTS]
        return {"record": record, "tag": tag or "", "history": history, "before": record.before()}
