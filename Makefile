VENV ?= .venv
BIND ?= 127.0.0.1:8000
ARGS ?=
PYTHON ?=
export PYTHON

.PHONY: help run test lint examples clean

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

run:  ## Set everything up and serve examples/ until Ctrl-C
	@./scripts/setup.sh $(VENV)
	@echo "Try:"
	@sed -n 's/^    curl/  curl/p' examples/README.md
	@exec $(VENV)/bin/nexus serve --handlers examples --bind $(BIND)

test:  ## Set everything up and run the tests (ARGS="-k pool")
	@./scripts/setup.sh $(VENV) test
	@$(VENV)/bin/python -m pytest $(ARGS)

lint:  ## ruff and mypy
	@./scripts/setup.sh $(VENV) lint
	$(VENV)/bin/ruff check --config .ci/ruff.toml .
	$(VENV)/bin/ruff format --config .ci/ruff.toml --check .
	$(VENV)/bin/mypy

examples:  ## Build examples/*.wasm again from their sources
	@./scripts/setup.sh $(VENV) test
	$(VENV)/bin/python examples/build.py

clean:  ## Remove the virtual environments and caches
	rm -rf .venv .venv-* .pytest_cache .mypy_cache .ruff_cache .hypothesis
