"""Intl, toLocaleString and localeCompare: answers as those of Node 20 (CLDR 48)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nexus.guest.js.intl import tags
from nexus.guest.js.web import parts, source

from .support import Scripts

CASES = json.loads((Path(__file__).parent / "intl_cases.json").read_text())
SETTING = """\
const DAY = 1751985930123;
const at = (time, locale, options) =>
  new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...options }).format(time);
const sorted = (list, ...how) => list.sort((a, b) => a.localeCompare(b, ...how)).join(" ");
const told = (work) => {
  try { return String(work()); } catch (e) { return `${e.name}: ${e.message}`; }
};
"""
REFUSED = {
    'new Intl.NumberFormat("a")': "RangeError: incorrect locale information provided: 'a' is",
    'new Intl.NumberFormat("de", { style: "currency" })': "TypeError: the style 'currency' needs",
    'new Intl.NumberFormat("de", { style: "x" })': "RangeError: style is 'x'; allowed: decimal, ",
    'new Intl.NumberFormat("en", { style: "unit", unit: "parsec" })': "RangeError: unit is 'pars",
    'new Intl.NumberFormat("en", { notation: "scientific" })': "RangeError: notation is 'scient",
    'new Intl.NumberFormat("en", { maximumFractionDigits: 200 })': "RangeError: maximumFraction",
    'new Intl.NumberFormat("en", { maximumFractionDigits: NaN })': "RangeError: An option that m",
    'new Intl.NumberFormat("en-u-nu-hanidec")': "RangeError: the numbering system is 'hanidec'",
    'new Intl.NumberFormat("en").formatRange(1, 2)': "RangeError: Intl.NumberFormat's formatRange",
    'new Intl.PluralRules("en").selectRange(1, 2)': "RangeError: Intl.PluralRules' selectRange is",
    'new Intl.DateTimeFormat("en", { timeZone: "Nowhere/X" })': "RangeError: timeZone is 'Nowhere",
    'new Intl.DateTimeFormat("en", { dateStyle: "short", year: "numeric" })': "TypeError: year",
    'new Intl.DateTimeFormat("en").format(NaN)': "RangeError: The date is not a valid time",
    'new Intl.DateTimeFormat("en").format(-1e15)': "RangeError: the year is outside of 1 to 9999",
    'new Intl.DateTimeFormat("en").formatRange(1)': "TypeError: A range needs two dates",
    'new Intl.DateTimeFormat("en").formatRange(1, NaN)': "RangeError: The date is not a valid time",
    'new Intl.DateTimeFormat("ckb-IR")': "RangeError: the calendar is 'persian'; allowed: 'greg",
    'new Intl.DateTimeFormat("th")': "RangeError: the calendar is 'buddhist'; allowed: 'greg",
    'new Date(0).toLocaleDateString("en", { timeStyle: "short" })': "TypeError: timeStyle canno",
    'new Intl.RelativeTimeFormat("en").format(3, "eons")': "RangeError: unit is 'eons'; allowed",
    'new Intl.ListFormat("en").format([1])': "TypeError: A list's items must be strings, but",
    'new Intl.DisplayNames("en", { type: "region" }).of("USAX")': "RangeError: 'USAX' is not the",
    'new Intl.Segmenter("en", { granularity: "word" })': 'RangeError: granularity is "word"; all',
    '"a".localeCompare("b", "zh")': "RangeError: Texts cannot be sorted in the locale zh; allowed",
    '"a".localeCompare("b", "i")': 'RangeError: incorrect locale information provided: "i" is n',
    '"a".localeCompare("b", "en", { sensitivity: "x" })': 'RangeError: sensitivity is "x"; allo',
}


def answers(scripts: Scripts, expressions: list[str]) -> list[str]:
    works = ",\n".join(f"() => ({one})" for one in expressions)
    answer = "export default () => Response.json(works.map(told));"
    handler = scripts.handler(f"{SETTING}const works = [{works}];\n{answer}")
    found: list[str] = json.loads(scripts.fetch(handler).body)
    return found


def test_answers_are_those_of_node(scripts: Scripts) -> None:
    found = answers(scripts, [expression for expression, _ in CASES])
    wrong = [
        (expression, answer, expected)
        for (expression, expected), answer in zip(CASES, found, strict=True)
        if answer != expected
    ]
    assert wrong == []


def test_what_cannot_be_given_is_refused(scripts: Scripts) -> None:
    found = answers(scripts, list(REFUSED))
    pairs = zip(found, REFUSED.values(), strict=True)
    wrong = [pair for pair in pairs if not pair[0].startswith(pair[1])]
    assert wrong == []


def test_the_same_format_is_asked_for_once(scripts: Scripts) -> None:
    body = 'for (let n = 0; n < 1000; n++) n.toLocaleString("de"); return new Response("ok");'
    scripts.fetch(scripts.handler(f"export default () => {{ {body} }}"))
    assert scripts.last.usage.host_calls < 2100


def test_a_sort_asks_the_host_nothing(scripts: Scripts) -> None:
    body = (
        "const all = Array.from({ length: 500 }, (_, n) => `\u00e4${n * 7919 % 500}`);"
        "all.sort(new Intl.Collator('de').compare); all.sort((a, b) => a.localeCompare(b));"
        "return new Response(all[1]);"
    )
    assert scripts.fetch(scripts.handler(f"export default () => {{ {body} }}")).body != b""
    assert scripts.last.usage.host_calls < 20


def test_without_the_extra(scripts: Scripts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other handlers of this run have the other prelude, so nothing of it may stay."""
    cached = (parts.library_names, source.prelude, source.digest)
    monkeypatch.setattr(parts, "has_intl", lambda: False)
    for function in cached:
        function.cache_clear()
    try:
        found = answers(
            scripts,
            [
                "typeof Intl",
                "(5).toLocaleString() + (5).toLocaleString('en-US')",
                "sorted(['b', 'A', 'a'], 'en')",
                "(5).toLocaleString('de')",
                "new Date(0).toLocaleDateString('en-US', { timeZone: 'UTC' })",
            ],
        )
    finally:
        for function in cached:
            function.cache_clear()
    assert found[:3] == ["undefined", "55", "a A b"]
    assert found[3].startswith("RangeError: toLocaleString with the locale de needs Intl, which")
    assert found[4].startswith("RangeError: toLocaleDateString with options needs Intl, which")


def test_the_data_of_few_locales_are_kept() -> None:
    for n in range(3 * tags.MOST_LOCALES):
        tags.resolve([f"en-x-a{n}"])
    assert tags._known.cache_info().currsize <= tags.MOST_LOCALES
