"""The handlers and kernels that `bench.python` times: the same source in a guest and natively."""

from __future__ import annotations

import json
from importlib.metadata import files
from pathlib import Path

HELLO = """
def fetch(request):
    return {"sum": sum(request.json()["values"])}
"""
TRANSFORM = """
def fetch(request):
    totals = {}
    for order in request.json():
        for item in order["items"]:
            cost = item["price"] * item["count"]
            totals[order["customer"]] = totals.get(order["customer"], 0) + cost
    return totals
"""
FLASK = """
from flask import Flask, jsonify, request

app = Flask(__name__)


@app.post("/")
def total():
    return jsonify(sum=sum(request.get_json()["values"]))
"""
KERNELS = {
    "nbody": """
x, v = [0.0, 1.0, 2.0], [0.0, 0.1, 0.2]
for _ in range(3000):
    for i in range(3):
        for j in range(3):
            if i != j:
                d = x[j] - x[i]
                v[i] += 0.001 * d / (abs(d) ** 3 + 0.01)
    for i in range(3):
        x[i] += 0.001 * v[i]
""",
    "json": "import json\nfor _ in range(20): json.loads(json.dumps(list(range(2000))))",
    "regex": r"""
import re
for _ in range(20):
    re.findall(r"(\w+)@(\w+)", "ann@here bob@there " * 200)
""",
    "sort": """
import random
r = random.Random(1)
sorted((r.random() for _ in range(20000)), key=str)
""",
    "template": "import string\nt = string.Template('$a and $b')\n"
    "for n in range(2000): t.substitute(a=n, b='x')",
    "text": "parts = []\nfor n in range(40000): parts.append(f'{n:05d}-{n * n}')\n''.join(parts)",
}
VALUES = json.dumps({"values": [1, 2, 3.5]}).encode()
ORDERS = json.dumps(
    [
        {"customer": f"c{n % 50}", "items": [{"price": n, "count": 2}, {"price": 3, "count": n}]}
        for n in range(1300)
    ]
).encode()
"""some 100 KB"""

_FLASK = ("flask", "werkzeug", "jinja2", "markupsafe", "click", "itsdangerous", "blinker")


def write_handlers(folder: Path) -> None:
    """Write the handlers into *folder*."""
    (folder / "hello.py").write_text(HELLO)
    (folder / "transform.py").write_text(TRANSFORM)
    (folder / "flask").mkdir()
    (folder / "flask/main.py").write_text(FLASK)
    copy_flask(folder / "flask")
    for name in KERNELS:
        (folder / f"{name}.py").write_text(kernel_source(name))


def copy_flask(folder: Path) -> None:
    """Put Flask, as installed here, beside the handler in *folder*."""
    for name in _FLASK:
        for path in files(name) or ():
            if path.suffix == ".py":
                target = folder / "site-packages" / str(path)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(Path(str(path.locate())).read_bytes())


def kernel_source(name: str) -> str:
    """Return the kernel as a handler: in a function, since local names are quicker than global."""
    indented = KERNELS[name].strip().replace("\n", "\n    ")
    return f"def run(context):\n    {indented}\n"
