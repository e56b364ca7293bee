"""Benchmarks: the source of every claim of speed; each measures the alternatives, too.

python -m bench.dispatch   requests/s of handlers, of plain Flask, and of other ways to run guests
python -m bench.path       where the microseconds of a request go, without a server
python -m bench.memory     resident memory over 50,000 requests
python -m bench.deadline   how late the answer to an endless loop is
python -m bench.metering   what metering costs, beside native C and wasmtime's epochs and fuel
python -m bench.engine     what an engine's small steps cost: calls, instances, a reset
python -m bench.python     handlers in Python, beside native code and other sandboxes
python -m bench.python_memory   what each further handler in Python takes of a worker's memory
python -m bench.text       source text over the API, beside mini-racer, Deno and monty
python -m bench.packages   packages of npm, bundled: whether they give Node's values, and their time
python -m bench.stalled    what clients that stall cost the others, beside gunicorn's peers
python -m bench.reach      handlers that call other servers: throughput, cost to others, one fetch
python -m bench.key_value  reads and writes of the key-value store, beside one flush to the disk
python -m bench.soak       15 minutes of good and hostile handlers at full load

Those over HTTP need the extra `bench` (`scripts/setup.sh bench`) and wrk (`apt-get install wrk`).
"""
