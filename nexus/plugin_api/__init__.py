"""All that a plugin may import, beside `nexus` itself.

hooks.py          the hooks, each one's docstring its contract; and the mark `hookimpl`
settings.py       what a plugin may read of the settings
host.py           what it may ask of the worker that it runs in
options.py        its own table of options, checked by a model
option_types.py   types for that model's fields
secrets.py        hides what may be a secret
problems.py       words for a wrong value
engine.py         what an engine is
abi.py            what a guest ABI is: a kind of handler, such as a language
guest.py          what a guest is, and what its host functions see of a run
extensions.py     what answers `$ext.NAME.method(...)`
metrics.py        what a metrics sink is
filters.py        what a request filter is
scheduling.py     what a scheduling policy is, and `Fifo`, for others to build on
averages.py       moving averages for policies
ticker.py         one thread for everything that must look again every so often
config_source.py  where settings may come from
capabilities.py   what a manifest grants
values.py         the plain values that hooks and protocols speak of
errors.py         the errors that a plugin may raise or is passed
"""
