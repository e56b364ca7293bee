"""Set-up makes Flask ready: requests find it warm, and no code of the handler's has run."""

from __future__ import annotations

import json

from nexus.model import Handler

from .support import Pythons
from .test_examples import flask_files

MAIN = """
import re
from flask import Flask, jsonify, render_template, request_started
from werkzeug.routing import BaseConverter

app = Flask(__name__)
ran = []

class Letter(BaseConverter):
    regex = "[a-f]"
    def to_python(self, value):
        ran.append("converter")
        return value

app.url_map.converters["letter"] = Letter
app.before_request(lambda: ran.append("before_request"))
request_started.connect(lambda *given, **named: ran.append("signal"), weak=False)

@app.context_processor
def extra():
    ran.append("context")
    return {}

@app.get("/page/<letter:one>")
def page(one):
    return render_template("page.html", one=one)

@app.get("/state")
def state():
    env = vars(app).get("jinja_env")
    templates = [] if env is None else [name for _, name in env.cache.keys()]
    compiled = any(isinstance(key[1], str) and "[a-f]" in key[1] for key in re._cache)
    return jsonify(ran=ran, stale=app.url_map._remap, templates=templates, compiled=compiled)
"""


def set_up(python: Pythons, main: str, page: str) -> Handler:
    return python.handler(
        {"main.py": main, "templates/page.html": page, **flask_files()}, route="/"
    )


def state(python: Pythons, handler: Handler) -> dict[str, object]:
    found: dict[str, object] = json.loads(python.fetch(handler, PATH_INFO="/state").body)
    assert found["ran"] == ["signal", "before_request"], "only those of this request"
    return found


def test_rules_and_templates_are_compiled_and_nothing_else_ran(python: Pythons) -> None:
    handler = set_up(python, MAIN, "<p>{{ one|upper }}</p>")
    found = state(python, handler)
    assert found["templates"] == ["page.html"]
    assert found["compiled"] is True
    assert found["stale"] is False
    assert python.fetch(handler, PATH_INFO="/page/b").body == b"<p>B</p>"


def test_filters_of_the_handler_do_not_run_before_a_request(python: Pythons) -> None:
    own = "app.add_template_filter(lambda text: ran.append('filter') or text, 'own')"
    handler = set_up(python, f"{MAIN}\n{own}\n", "{{ 'a'|own }}")
    assert state(python, handler)["templates"] == []
    assert python.fetch(handler, PATH_INFO="/page/b").body == b"a"


def test_a_file_of_the_handlers_that_is_named_flask_is_left_alone(python: Pythons) -> None:
    source = "made = []\nclass Flask:\n    def __init__(self, *given, **named): made.append(1)\n"
    main = "import flask\ndef fetch(request): return str(flask.made)"
    handler = python.handler({"main.py": main, "flask.py": source})
    assert python.fetch(handler).body == b"[]"


def test_flask_works_when_a_request_imports_it(python: Pythons) -> None:
    main = "def fetch(request):\n    from flask import Flask\n    return Flask('late').name"
    handler = python.handler({"main.py": main, **flask_files()})
    assert python.fetch(handler).body == b"late"
