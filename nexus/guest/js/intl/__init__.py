"""Intl of JavaScript, on the host: formats by Babel, which has CLDR's data, and zones by zoneinfo.

service.py   answers a guest's messages
tags.py      language tags, and the locales that Babel has for them
choices.py   reads options, and refuses values that are not allowed
digits.py    rounds numbers and writes their digits
numbers.py   Intl.NumberFormat
affixes.py   adds signs, currencies, units and other words to a number
patterns.py  finds the pattern of a date for the fields that an option object asks for
dates.py     Intl.DateTimeFormat
ranges.py    its formatRange
words.py     Intl.PluralRules, RelativeTimeFormat, ListFormat, DisplayNames
"""
