"""The pages of the console, and what they ask for while they are open."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from flask import Blueprint, Flask, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

import nexus
from nexus.errors import HandlerNotFound, InvalidArgument, NexusError, Unauthorized
from nexus.http.console.handler_page import HandlerPage
from nexus.http.console.playground import EDITOR, Playground
from nexus.http.console.recent import Recent
from nexus.http.console.session import COOKIE, LASTS_S, Sessions
from nexus.http.pages.look import protect, style
from nexus.http.streams import Streams
from nexus.live import Cursor
from nexus.metrics.figures import Totals
from nexus.runtime import WasmRuntime
from nexus.service import Service

PREFIX: Final = "/_nexus"
_POLICY: Final = (
    "script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; form-action 'self'"
)
_OPEN: Final = {"console.login", "console.enter", "console.script", "console.styles"}
"""Endpoints that need no session"""
_ASSETS: Final = Path(__file__).with_name("assets")


def add_console(
    app: Flask,
    service: Service,
    runtime: WasmRuntime,
    token: bytes,
    look: Callable[[], Mapping[str, Totals]],
) -> None:
    """Add the console to *app*; *look* returns the totals of all handlers."""
    app.register_blueprint(_Console(service, runtime, token, look).blueprint())


class _Console:
    def __init__(
        self,
        service: Service,
        runtime: WasmRuntime,
        token: bytes,
        look: Callable[[], Mapping[str, Totals]],
    ) -> None:
        self._service, self._runtime = service, runtime
        self._sessions, self._recent = Sessions(token), Recent(look)
        self._live, self._streams = service.watch(), Streams(service)
        self._handler = HandlerPage(service, self._live, self._page)
        self._playground = Playground(service, self._page)

    def blueprint(self) -> Blueprint:
        found = Blueprint("console", __name__, url_prefix=PREFIX, template_folder="templates")
        found.before_request(self._authorize)
        found.add_app_template_filter(_when, "when")
        found.after_request(lambda response: protect(response, _POLICY))
        for path, method, view in (
            ("/", "GET", self.handlers),
            ("/login", "GET", self.login),
            ("/login", "POST", self.enter),
            ("/logout", "POST", self.leave),
            ("/handlers/<name>", "GET", self._handler.handler),
            ("/handlers/<name>", "POST", self._handler.share),
            ("/suspensions", "GET", self.suspensions),
            ("/suspensions/<id>", "POST", self.answer),
            ("/playground", "GET", self._playground.playground),
            ("/playground", "POST", self._playground.play),
            ("/figures", "GET", self.figures),
            ("/logs", "GET", self.logs),
            ("/console.js", "GET", self.script),
            ("/console.css", "GET", self.styles),
            ("/playground.js", "GET", self.playground_script),
            ("/editor.js", "GET", self.editor),
        ):
            found.add_url_rule(path, view.__name__, view, methods=[method])
        return found

    # ---- who may come in ----------------------------------------------------------------------

    def _authorize(self) -> AnyResponse | None:
        """Raises: Unauthorized for a form that no page of this session sent."""
        if request.endpoint in _OPEN:
            return None
        cookie = request.cookies.get(COOKIE, "")
        if not self._sessions.is_valid(cookie):
            if request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
                return redirect(url_for("console.login"))
            raise Unauthorized("log in to the console first")
        given = request.form.get("form_token", "") if request.method == "POST" else None
        if given is not None and not self._sessions.is_form_token(cookie, given):
            raise Unauthorized("this form is not from a page of this session; load it again")
        return None

    def login(self) -> str:
        return self._page("login.html")

    def enter(self) -> tuple[str, int] | AnyResponse:
        if not self._sessions.is_token(request.form.get("token", "").strip()):
            return self._page("login.html", wrong=True), 401
        answer = redirect(url_for("console.handlers"), 303)
        answer.set_cookie(
            COOKIE,
            self._sessions.new(),
            max_age=LASTS_S,
            path=f"{PREFIX}/",
            httponly=True,
            secure=request.is_secure,
            samesite="Strict",
        )
        return answer

    def leave(self) -> AnyResponse:
        answer = redirect(url_for("console.login"), 303)
        answer.delete_cookie(COOKIE, path=f"{PREFIX}/", samesite="Strict")
        return answer

    # ---- pages --------------------------------------------------------------------------------

    def handlers(self) -> str:
        catalogue = self._service.handlers.catalogue
        return self._page(
            "handlers.html",
            handlers=list(catalogue.handlers.values()),
            problems={file: str(error) for file, error in catalogue.problems.items()},
            settings=self._service.settings,
        )

    def suspensions(self) -> str:
        return self._page("suspensions.html", suspensions=self._runtime.suspensions())

    def answer(self, id: str) -> tuple[str, int] | AnyResponse:
        try:
            result = self._runtime.resume_handler(id, self._given())
        except NexusError as error:
            text = f"{error.code}: {error}"
            found = self._runtime.suspensions()
            return self._page("suspensions.html", suspensions=found, problem=text), 400
        return Response(
            self._page(
                "suspensions.html",
                suspensions=self._runtime.suspensions(),
                result=json.dumps(result.to_json(), indent=2),
            )
        )

    def _given(self) -> dict[str, Any]:
        """Return the answer in the form. Raises: InvalidArgument."""
        text = request.form.get("value", "")
        if request.form.get("kind") == "error":
            return {"success": False, "error": text}
        try:
            return {"success": True, "value": json.loads(text)}
        except ValueError as error:
            raise InvalidArgument(f"the answer is not JSON: {error}") from error

    # ---- what open pages ask for --------------------------------------------------------------

    def figures(self) -> Response:
        handler = request.args.get("handler", "")
        found = {
            "handlers": self._recent.figures(),
            "histogram": self._recent.histogram(handler),
            "pools": self._live.pools(),
            "max_instances": self._service.settings.max_instances,
            "max_queue": self._service.settings.max_queue,
        }
        return Response(json.dumps(found), mimetype="application/json")

    def logs(self) -> Response:
        handler = request.args.get("handler")

        def read(after: Cursor) -> tuple[list[dict[str, Any]], Cursor]:
            return self._live.read(after, handler=handler)

        last = request.headers.get("Last-Event-ID", "")
        return self._streams.response(read, Cursor.parse(last))

    def script(self) -> Response:
        return _asset("console.js", "text/javascript")

    def playground_script(self) -> Response:
        return _asset("playground.js", "text/javascript")

    def editor(self) -> Response:
        """Raises: HandlerNotFound if the editor has not been built."""
        if not EDITOR.is_file():
            raise HandlerNotFound("the editor has not been built: run scripts/console/build.sh")
        return _asset(EDITOR.name, "text/javascript")

    def styles(self) -> Response:
        return Response(style() + _text("console.css"), mimetype="text/css")

    def _page(self, template: str, **values: Any) -> str:
        cookie = request.cookies.get(COOKIE, "")
        token = self._sessions.form_token(cookie) if self._is_inside(cookie) else ""
        return render_template(
            template, form_token=token, nexus=nexus.__version__, path=request.path, **values
        )

    def _is_inside(self, cookie: str) -> bool:
        return request.endpoint not in _OPEN and self._sessions.is_valid(cookie)


def _when(seconds: float) -> str:
    """Return a time as text, in UTC as in the log."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))


def _text(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _asset(name: str, mimetype: str) -> Response:
    return Response(_text(name), mimetype=mimetype)
