from __future__ import annotations

import itertools
import math
import random

import png_reader
import pytest


def expected_level(values: list[float], width: int, height: int, x: int, y: int) -> float:
    """The chart's definition, computed the slow way: the distance to every segment."""
    low, high = min(values), max(values)
    step = (width - 4) / (len(values) - 1)
    corners = [
        (2 + i * step, 2 + (height - 4) * ((high - v) / (high - low) if high > low else 0.5))
        for i, v in enumerate(values)
    ]
    px, py = x + 0.5, y + 0.5
    nearest, line = math.inf, corners[0][1] if px < 2 else corners[-1][1]
    for (ax, ay), (bx, by) in itertools.pairwise(corners):
        along = ((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2)
        along = max(0.0, min(1.0, along))
        nearest = min(nearest, math.hypot(px - ax - along * (bx - ax), py - ay - along * (by - ay)))
        if ax <= px <= bx:
            line = ay + (px - ax) / (bx - ax) * (by - ay)
    stroke = 15 * max(0.0, min(1.0, 1.5 - nearest))
    area = 3 * max(0.0, min(1.0, py + 0.5 - line))
    return max(stroke, area)


@pytest.mark.parametrize(
    ("values", "width", "height"),
    [
        ([0, 1], 16, 16),
        ([3, 1, 4, 1, 5, 9, 2, 6], 61, 40),
        ([-2.5, -7.25, 0, 1000000], 33, 17),
        ([5, 5, 5], 24, 16),
        ([random.Random(1).randint(-99, 99) for _ in range(90)], 40, 30),
    ],
)
def test_every_pixel(ask, values, width, height):
    query = f"values={','.join(map(str, values))}&width={width}&height={height}"
    answer = ask("chart", query=query)
    assert answer.headers["Content-Type"] == "image/png"

    picture = png_reader.read(answer.body)
    assert (picture.width, picture.height) == (width, height)
    for y, row in enumerate(picture.levels):
        for x, level in enumerate(row):
            # Half a level is lost in rounding; the rest is single precision.
            expected = expected_level(values, width, height, x, y)
            assert level == pytest.approx(expected, abs=0.51), f"pixel {x}, {y}"


def test_the_defaults(ask):
    picture = png_reader.read(ask("chart", query="values=1,2").body)
    assert (picture.width, picture.height) == (300, 80)
    assert picture.colors == {(0x00, 0xAA, 0x77)}


@pytest.mark.parametrize(
    ("color", "rgb"),
    [
        ("f08", (0xFF, 0x00, 0x88)),
        ("12aBcD", (0x12, 0xAB, 0xCD)),
        ("%23fff", (0xFF, 0xFF, 0xFF)),
    ],
)
def test_color(ask, color, rgb):
    picture = png_reader.read(ask("chart", query=f"values=1,2&color={color}").body)
    assert picture.colors == {rgb}


def test_percent_encoded_values_are_the_same_chart(ask):
    plain = ask("chart", query="values=1,-2.5,3")
    assert ask("chart", query="values=1%2c+-2.5%2C%33&&").body == plain.body


def test_the_largest_chart_spans_many_chunks(ask):
    values = random.Random(2).choices(range(100), k=500)
    query = f"values={','.join(map(str, values))}&width=1000&height=400"
    answer = ask("chart", query=query)
    assert [kind for kind, _ in png_reader.chunks(answer.body)].count(b"IDAT") > 3
    picture = png_reader.read(answer.body)
    assert (picture.width, picture.height) == (1000, 400)


VALUES = "values must be"
WIDTH = "width must be a whole number from 16 to 1000"
HEIGHT = "height must be a whole number from 16 to 400"
COLOR = "color must be"
PARAMETERS = "the parameters are"
PERCENT = "a percent sign"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("", VALUES),
        ("width=300", VALUES),
        ("values", VALUES),
        ("values=", VALUES),
        ("values=1", VALUES),
        ("values=1,,2", VALUES),
        ("values=1,2,", VALUES),
        ("values=1;2", VALUES),
        ("values=1,NaN", VALUES),
        ("values=1,-", VALUES),
        ("values=1,.", VALUES),
        ("values=1,2.3.4", VALUES),
        ("values=1,1e9", VALUES),
        ("values=1,1234567890123456", VALUES),
        ("values=" + ",".join("1" * 501), VALUES),
        ("values=1,2&width=15", WIDTH),
        ("values=1,2&width=1001", WIDTH),
        ("values=1,2&width=65552", WIDTH),
        ("values=1,2&width=-20", WIDTH),
        ("values=1,2&width=", WIDTH),
        ("values=1,2&height=15", HEIGHT),
        ("values=1,2&height=401", HEIGHT),
        ("values=1,2&height=0x20", HEIGHT),
        ("values=1,2&color=red", COLOR),
        ("values=1,2&color=1234", COLOR),
        ("values=1,2&color=%23", COLOR),
        ("values=1,2&colour=fff", PARAMETERS),
        ("values=1,2&values=1,2", PARAMETERS),
        ("=1,2", PARAMETERS),
        ("values=1%2", PERCENT),
        ("values=1%zz2", PERCENT),
        ("values=" + "1" * 9000, PERCENT),
    ],
)
def test_a_wrong_parameter_is_named(ask, query, reason):
    answer = ask("chart", query=query)
    assert answer.status == 400
    assert answer.headers["Content-Type"] == "text/plain"
    assert answer.body.decode().startswith(f"chart: {reason}")


def test_oversized_header_fields_are_refused(ask):
    assert ask("chart", query="values=1,2", padding="x" * 20_000).status == 200
    assert ask("chart", query="values=1,2", padding="x" * 25_000).status == 431
