"""Pages for people.

look.py     the style of all pages, and the headers that every page has
look.css    that style: dark and light, from 360 pixels on
welcome.py  the page at `/` of a server on this machine
templates/  the pages' text
"""
