"""Each request starts from the same state, but for what must differ: random values and the time."""

from __future__ import annotations

import json

from .support import Pythons

REQUESTS = 1000

SOURCE = """
import decimal, functools, importlib, io, os, random, secrets, sys, tempfile, time, uuid, warnings

own = random.Random()
own.random()
dice = random.Random()
next(tempfile._get_candidate_names())  # as a package might do while it is loaded
kept = []
cache = {}

@functools.lru_cache
def cached(n):
    return n

def fetch(request):
    seen = [len(kept), len(cache), cached.cache_info().currsize, "colorsys" in sys.modules,
            "mark" in os.environ, len(fetch.__dict__), decimal.getcontext().prec,
            len(globals().get("__warningregistry__", ())), sys.getrecursionlimit(),
            hasattr(sys, "mark"), len(sys.path), len(warnings.filters)]
    kept.append(io.StringIO("open"))
    cache[request.url] = cached(len(kept))
    importlib.import_module("colorsys")
    os.environ["mark"] = "1"
    fetch.mark = sys.mark = True
    decimal.getcontext().prec = 3
    warnings.warn("once")
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(500)
    sys.path.append("/mark")
    own.random()
    return {"seen": seen, "time": time.time(), "random": [
        random.random(), own.random(), dice.getrandbits(64), random.getrandbits(64),
        str(uuid.uuid4()), secrets.token_hex(8), os.urandom(8).hex(),
        next(tempfile._get_candidate_names()) + "-name", random.SystemRandom().getrandbits(64),
    ]}
"""


def test_a_thousand_requests_share_nothing(python: Pythons) -> None:
    handler, made = python.handler(SOURCE), python.pool.instances_created()
    answers = [json.loads(python.fetch(handler).body) for _ in range(REQUESTS)]
    assert [answer["seen"] for answer in answers] == [answers[0]["seen"]] * REQUESTS
    assert answers[0]["seen"][:8] == [0, 0, 0, False, False, 0, 28, 0]
    values = [value for answer in answers for value in answer["random"]]
    assert len(set(values)) == REQUESTS * len(answers[0]["random"])
    times = [answer["time"] for answer in answers]
    assert times == sorted(times)
    assert times[-1] > times[0]
    assert python.pool.instances_created() <= made + 1, "all were answered by one instance"


def test_more_generators_than_the_host_writes_are_seeded_too(python: Pythons) -> None:
    source = """
import random
class Own(random.Random):
    pass
MADE = [(Own if n % 2 else random.Random)() for n in range(12)]
LAST = [generator.gauss(0, 1) for generator in MADE]  # half of a pair is left
def fetch(request):
    return [g.gauss(0, 1) for g in MADE] + [g.random() for g in MADE] + [random.random()]
"""
    handler = python.handler(source)
    answers = [json.loads(python.fetch(handler).body) for _ in range(20)]
    values = [value for answer in answers for value in answer]
    assert len(set(values)) == len(values)


def test_a_seed_of_the_handlers_own_stays(python: Pythons) -> None:
    source = """
import random
own = random.Random(5)
def fetch(request):
    return [own.random(), random.random()]
"""
    handler = python.handler(source)
    one, other = (json.loads(python.fetch(handler).body) for _ in range(2))
    assert one[0] == other[0]
    assert one[1] != other[1]


def test_hashes_differ_from_load_to_load(python: Pythons) -> None:
    found = set()
    for number in range(2):
        handler = python.handler(f"N = {number}\ndef fetch(request): return hash('nexus')")
        found.add(python.fetch(handler).body)
    assert len(found) == 2
