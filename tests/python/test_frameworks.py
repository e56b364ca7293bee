"""Small applications of four frameworks, written as for any server, run unchanged."""

from __future__ import annotations

from importlib.metadata import files
from pathlib import Path

import pytest

from nexus.model import Handler

from .support import Pythons
from .test_examples import flask_files, installed

FLASK = '''
from flask import Flask, redirect, render_template_string, request, session, url_for

app = Flask(__name__)
app.secret_key = "dev"
PAGE = """<form method="post"><input name="title"><input type="submit"></form>
{% for title in titles %}<li>{{ title }}</li>{% endfor %}"""


@app.route("/")
def hello():
    return "<p>Hello, World!</p>"


@app.route("/notes", methods=["GET", "POST"])
def notes():
    if request.method == "POST":
        session["titles"] = [*session.get("titles", ()), request.form["title"]]
        return redirect(url_for("notes"))
    return render_template_string(PAGE, titles=session.get("titles", ()))


if __name__ == "__main__":
    app.run()
'''
BOTTLE = """
from bottle import default_app, post, redirect, request, response, route, run, static_file, template


@route("/hello/<name>")
def index(name):
    return template("<b>Hello {{name}}</b>!", name=name)


@route("/notes")
def notes():
    return template("notes", titles=(request.get_cookie("titles") or "").split("|"))


@post("/notes")
def add():
    response.set_cookie("titles", request.forms.title)
    redirect("/notes")


@post("/upload")
def upload():
    file = request.files.get("file")
    return {"name": file.filename, "size": len(file.file.read())}


@route("/static/<path:path>")
def static(path):
    return static_file(path, root="static")


if __name__ == "__main__":
    run(host="localhost", port=8080)
else:
    application = default_app()
"""
DJANGO = """
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, JsonResponse
from django.template import engines
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["*"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="dev",
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
)
PAGE = "<h1>{{ name|title }}</h1>{% for item in items %}<li>{{ item }}</li>{% endfor %}"


def page(request, number):
    context = {"name": request.GET["name"], "items": range(number)}
    return HttpResponse(engines["django"].from_string(PAGE).render(context, request))


def form(request):
    return JsonResponse({"title": request.POST["title"]})


urlpatterns = [path("form", form), path("page/<int:number>", page)]
application = get_wsgi_application()
"""
FALCON = """
import falcon


class Notes:
    def on_get(self, request, response):
        response.media = {"note": request.get_param("name", required=True)}

    def on_post(self, request, response):
        response.media, response.status = request.media, falcon.HTTP_201


app = falcon.App()
app.add_route("/notes", Notes())
"""
FORM = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def flask(python: Pythons) -> Handler:
    return python.handler({"main.py": FLASK, **flask_files()}, route="/")


@pytest.fixture(scope="module")
def bottle(python: Pythons) -> Handler:
    (path,) = (path for path in files("bottle") or () if str(path) == "bottle.py")
    return python.handler(
        {
            "main.py": BOTTLE,
            "views/notes.tpl": "% for title in titles:\n<li>{{title}}</li>\n% end\n",
            "static/style.css": "p { margin: 0 }",
            "site-packages/bottle.py": Path(str(path.locate())).read_bytes(),
        },
        route="/",
    )


def post_and_follow(python: Pythons, handler: Handler, body: bytes) -> str:
    """Post a form; return the page to which the answer leads, with the answer's cookie."""
    answer = python.fetch(handler, body, PATH_INFO="/notes", CONTENT_LENGTH=str(len(body)), **FORM)
    headers = {name.lower(): value for name, value in answer.headers}
    assert answer.status in (302, 303)
    assert headers["location"].endswith("/notes")
    cookie = headers["set-cookie"].partition(";")[0]
    return python.fetch(handler, PATH_INFO="/notes", HTTP_COOKIE=cookie).body.decode()


def test_flask(python: Pythons, flask: Handler) -> None:
    assert python.fetch(flask, PATH_INFO="/").body == b"<p>Hello, World!</p>"
    assert "<li>" not in python.fetch(flask, PATH_INFO="/notes").body.decode()
    assert "<li>salt &amp; bread</li>" in post_and_follow(python, flask, b"title=salt+%26+bread")


def test_bottle(python: Pythons, bottle: Handler) -> None:
    assert python.fetch(bottle, PATH_INFO="/hello/ann").body == b"<b>Hello ann</b>!"
    assert python.fetch(bottle, PATH_INFO="/gone").status == 404
    assert post_and_follow(python, bottle, b"title=bread%3C") == "<li>bread&lt;</li>\n"
    style = python.fetch(bottle, PATH_INFO="/static/style.css")
    assert (style.status, style.body) == (200, b"p { margin: 0 }")
    body = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n'
        b"Content-Type: text/plain\r\n\r\n12345\r\n--b--\r\n"
    )
    sent = {"CONTENT_TYPE": "multipart/form-data; boundary=b", "CONTENT_LENGTH": str(len(body))}
    answer = python.fetch(bottle, body, PATH_INFO="/upload", **{**FORM, **sent})
    assert answer.body == b'{"name": "a.txt", "size": 5}'


def test_django(python: Pythons) -> None:
    """Its imports nest 30 deep, and its files would fill the memory if they were not packed."""
    packages = installed("django", "asgiref", "sqlparse")
    django = python.handler({"main.py": DJANGO, **packages}, route="/")
    page = python.fetch(django, PATH_INFO="/page/2", QUERY_STRING="name=ann")
    assert page.body == b"<h1>Ann</h1><li>0</li><li>1</li>"
    body = b"title=salt+%26+bread"
    answer = python.fetch(django, body, PATH_INFO="/form", CONTENT_LENGTH=str(len(body)), **FORM)
    assert answer.body == b'{"title": "salt & bread"}'
    assert python.fetch(django, PATH_INFO="/page/two").status == 404


def test_falcon(python: Pythons) -> None:
    falcon = python.handler({"main.py": FALCON, **installed("falcon")}, route="/")
    assert python.fetch(falcon, PATH_INFO="/notes", QUERY_STRING="name=a").body == b'{"note": "a"}'
    assert python.fetch(falcon, PATH_INFO="/notes").status == 400
    sent = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": "7"}
    answer = python.fetch(falcon, b'{"a":1}', PATH_INFO="/notes", **sent)
    assert (answer.status, answer.body) == (201, b'{"a": 1}')
