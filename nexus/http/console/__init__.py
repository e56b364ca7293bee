"""The console at `/_nexus/`: handlers, figures, logs, pool and suspended executions, for people.

It is on the management port if there is one, else on the main port with the setting `console`; it
needs the admin token.

pages.py         the pages, and what they ask for while they are open
handler_page.py  the page of one handler, and which of its versions serve
playground.py    the playground's form: run source text, or deploy it
trial.py         runs source text once, and tells everything about the run
examples.py      an example program in each language
session.py       login by the token: a cookie, and what protects forms from other sites
recent.py        figures of the span since the last look
source.py        a handler's source text
templates/       the pages' text
assets/          their scripts and their style; the editor is built by `scripts/console/build.sh`
"""

from nexus.http.console.pages import add_console

__all__ = ["add_console"]
