"""Makes Flask ready before the snapshot: what it prepares at its first request, it has prepared.

Flask serves an application of ours as soon as it is imported, so that CPython has specialised its
code, before the handler could hook into it. Of the handler's own application only rules, patterns
and templates are compiled; none of its code runs.
"""

import contextlib
import re
import sys
import types

import nexus_calls as calls
from nexus_adapt import Finder
from nexus_files import PACKAGES

_pending = {}
"""functions that take a module, by its name"""
_ROUNDS = 8
"""CPython specialises what has run twice, some things in stages"""
_MOST_TEMPLATES = 50
_META = {
    "CONTENT_TYPE": "application/json",
    "HTTP_HOST": "h",
    "PATH_INFO": "/",
    "QUERY_STRING": "a=b",
    "SCRIPT_NAME": "",
    "SERVER_NAME": "h",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "wsgi.url_scheme": "http",
}


def install():
    """Make Flask ready when it is imported, until `prepare` is called."""
    _pending["flask"] = _warm_up
    sys.meta_path.insert(0, Finder(_pending))


def _warm_up(flask):
    if not flask.__file__.startswith(f"/{PACKAGES}/"):
        return  # a file of the handler's own
    with contextlib.suppress(Exception):  # another version of Flask: it stays as it is
        serve = calls.serving(types.SimpleNamespace(app=_idle(flask)))["wsgi"]
        for _ in range(_ROUNDS):
            for path in ("/", "/a/b"):
                serve({"meta": {**_META, "REQUEST_METHOD": "GET", "PATH_INFO": path}}, b"")
            meta = {**_META, "REQUEST_METHOD": "POST", "CONTENT_LENGTH": "8"}
            serve({"meta": meta}, b'{"a": 1}')


def _idle(flask):
    """Return an application to warm up with."""
    app = flask.Flask("idle", root_path="/", instance_path="/", static_folder=None)

    @app.get("/")
    def text():
        return flask.Response(b"ok", mimetype="text/plain")

    @app.get("/a/<name>")
    def page(name):
        flask.request.args.get("a")
        return flask.render_template_string("{% for c in name %}{{ c }}{% endfor %}", name=name)

    @app.post("/")
    def json():
        return flask.jsonify(flask.request.get_json())

    return app


def prepare(app):
    """Prepare what *app* would prepare in its first request, if it is an application of Flask."""
    _pending.clear()  # imported in a request, Flask would not become ready for the next
    flask = sys.modules.get("flask")
    if flask is not None and type(app) is getattr(flask, "Flask", None):
        with contextlib.suppress(Exception):  # the request reports it
            _prepare_rules(app)
        with contextlib.suppress(Exception):
            _prepare_templates(app)


def _prepare_rules(app):
    from werkzeug.routing import Map

    if type(app.url_map) is Map:
        app.url_map.update()
        for rule in app.url_map.iter_rules():
            for part in rule._parts:
                if not part.static:
                    re.compile(part.content)


def _prepare_templates(app):
    from jinja2 import FileSystemLoader
    from jinja2.defaults import DEFAULT_FILTERS, DEFAULT_TESTS

    loaders = [each.jinja_loader for each in (app, *app.iter_blueprints())]
    loaders = [loader for loader in loaders if loader is not None]
    if any(type(loader) is not FileSystemLoader for loader in loaders):
        return
    names = [name for loader in loaders for name in loader.list_templates()]
    if not names:
        return
    made = app.jinja_env
    # Jinja calls filters and tests of constants as it compiles, and extensions parse.
    own = {*made.filters, *made.tests, *made.extensions} - {*DEFAULT_FILTERS, *DEFAULT_TESTS}
    if own <= {"tojson"}:
        for name in names[:_MOST_TEMPLATES]:
            with contextlib.suppress(Exception):
                made.get_template(name)
