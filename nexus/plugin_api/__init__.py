"""Everything that a plugin may import, besides `nexus` itself.

hooks.py          the hooks, whose docstrings are their contracts; and the mark `hookimpl`
settings.py       what a plugin may read of the settings
host.py           the worker, as plugins see it
options.py        its own table of options, checked by a model
option_types.py   types for that model's fields
secrets.py        hides possible secrets in options, and known ones in text
problems.py       words for a wrong value
engine.py         the interface of an engine
abi.py            the interface of a guest ABI: a kind of handler, such as a language
guest.py          the interface of a guest, and a run as its host functions see it
extensions.py     the interface of an extension, which answers `$ext.NAME.method(...)`
metrics.py        the interface of a metrics sink
filters.py        the interface of a request filter
scheduling.py     the interface of a scheduling policy, and `Fifo`, for others to build on
averages.py       moving averages for policies
ticker.py         one thread that makes all repeated calls
config_source.py  the interface of a source of settings
capabilities.py   what a manifest grants
stores/           the interface of a key-value store
values.py         the plain values in hooks and protocols
errors.py         the errors that plugins may raise or receive
"""
