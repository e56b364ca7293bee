"""A Flask application with two routes and a template, unchanged in the sandbox."""

from flask import Flask, abort, jsonify, render_template

app = Flask(__name__)

DISHES = {
    "soup": {"price": 5.5, "contains": ["celery"]},
    "curry": {"price": 11, "contains": ["nuts", "milk"]},
    "salad": {"price": 8.25, "contains": []},
}


@app.get("/")
def menu():
    return render_template("menu.html", dishes=DISHES)


@app.get("/dishes/<name>")
def dish(name):
    if name not in DISHES:
        abort(404, f"no dish {name}")
    return jsonify(name=name, **DISHES[name])


app.test_client().get("/")  # once, into the snapshot: requests find all compiled and warm
