# make PYTHON=... takes that interpreter; VENV=... keeps the environment elsewhere. The tests of the
# core alone, without any plugin: make test VENV=.venv-core NO_PLUGINS=1 ARGS=tests
VENV ?= .venv
PYTHON ?=
BIND ?= 127.0.0.1:8000
HANDLERS ?= examples
ARGS ?=
export VENV PYTHON

RUFF = $(VENV)/bin/ruff
RUFF_OPTIONS = --config .ci/ruff.toml
# The folder of each plugin's package, such as plugins/nexus-statsd/nexus_statsd.
PLUGINS = $(patsubst %/__init__.py,%,$(wildcard plugins/*/nexus_*/__init__.py))
empty :=
space := $(empty) $(empty)

.DEFAULT_GOAL := help
.PHONY: help run test test-console test-cpython test-builds kill-rounds test-packages deploy-check examples lint clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1 \t/p' Makefile | expand -t 22

run: ## serve examples/ on http://127.0.0.1:8000 until Ctrl-C (BIND=host:port HANDLERS=folder ARGS=...)
	@scripts/setup.sh python
	@[ $(HANDLERS) != examples ] || [ -e examples/menu/site-packages ] || \
		$(VENV)/bin/nexus vendor menu -r examples/menu/requirements.txt --handlers examples
	@echo "Serving $(HANDLERS) on http://$(BIND) until Ctrl-C; to try it, in another terminal:"
	@sed -n 's/127\.0\.0\.1:8000/$(BIND)/; s/^    curl/  curl/p' examples/README.md
	@exec $(VENV)/bin/nexus serve --handlers $(HANDLERS) --bind $(BIND) $(ARGS)

# The tests start Nexus hundreds of times: without bytecode each start compiles its source again.
test: ## run the tests, all on a process more than there are cores (ARGS="tests/wasm -k meter": some, in one)
	@scripts/setup.sh test
	PYTHONDONTWRITEBYTECODE= $(VENV)/bin/python -m pytest $(or $(ARGS),--numprocesses=auto --dist=loadfile --no-loadscope-reorder)

test-console: ## drive the console in Chromium, with axe-core (needs node, npm and Debian's chromium)
	@scripts/setup.sh
	@scripts/console/build.sh
	@cd tests/browser && npm install --no-audit --no-fund --no-package-lock --silent
	node tests/browser/console.mjs $(abspath $(VENV))/bin/nexus $(ARGS)

test-cpython: ## run CPython's own tests in the guest (needs python3.12; ARGS=test_json: one module)
	@scripts/setup.sh test
	@$(VENV)/bin/python -m tests.python.cpython $(ARGS)

test-builds: ## run handlers in another build of CPython (fetched by pip, 85 MB)
	@scripts/setup.sh test
	@$(VENV)/bin/python -m tests.python.builds

kill-rounds: ## kill servers in the middle of 200 deploys (ARGS="--store postgresql --rounds 50")
	@scripts/setup.sh test
	@$(VENV)/bin/python -m tests.versions.kill_rounds $(ARGS)

test-packages: ## run the tests of pure packages in the guest (fetched by pip; ARGS=bottle: one package)
	@scripts/setup.sh test
	@$(VENV)/bin/python -m tests.python.packages $(ARGS)

deploy-check: ## render deploy/, validate it, and compute what must hold of it
	@scripts/setup.sh test
	@$(VENV)/bin/python -m tests.deploy

examples: ## rebuild the modules in examples/ from their sources
	@scripts/setup.sh
	@zig=$$(sed -n 's/^ZIG_VERSION = "\(.*\)"/\1/p' examples/src/build.py) && \
		$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check ziglang==$$zig
	$(VENV)/bin/python examples/src/build.py

lint: ## check style and types
	@scripts/setup.sh lint
	$(RUFF) check $(RUFF_OPTIONS) .
	$(RUFF) format --check $(RUFF_OPTIONS) .
	MYPYPATH=$(subst $(space),:,$(dir $(PLUGINS))) \
		$(VENV)/bin/mypy $(addprefix --package=,nexus $(notdir $(PLUGINS)))

clean: ## remove the environment and everything else that was made
	@scripts/setup.sh --remove
	rm -rf build dist *.egg-info plugins/*/build plugins/*/*.egg-info .pytest_cache .hypothesis .mypy_cache .ruff_cache .nexus-cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
