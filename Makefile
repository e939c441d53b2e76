# `make demo` and `make test` are all a newcomer needs; both run `make setup` first.
.DEFAULT_GOAL := help
.PHONY: help setup demo test check lint types contracts wheel bench lock

PYTHON ?= python3
BIN := .venv/bin
NPM := tests/api/live

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

setup: .venv/ready ## make .venv from requirements.lock (quick when nothing changed)
	@$(BIN)/clutch db install

.venv/ready: requirements.lock pyproject.toml
	@echo "making .venv from requirements.lock: a few minutes the first time ..."
	@command -v uv >/dev/null || test -x .uv/bin/uv || $(PYTHON) -m pip install --quiet --root-user-action=ignore --target .uv uv
	@UV=$$(command -v uv || echo .uv/bin/uv); \
		{ test -x $(BIN)/python || $$UV venv --quiet --python $(PYTHON) .venv; } \
		&& $$UV pip sync --quiet --compile-bytecode --python $(BIN)/python requirements.lock \
		&& $$UV pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## load a Cairo data set, train the models and serve on http://127.0.0.1:8000
	@$(BIN)/clutch demo

test: setup $(NPM)/node_modules ## run every test, the fast ones first
	@$(BIN)/pytest --numprocesses 2

# The JavaScript client of the tests; without npm they are skipped, and say so.
$(NPM)/node_modules: $(NPM)/package-lock.json
	@if command -v npm >/dev/null; then npm ci --silent --prefix $(NPM) && touch $@; fi

check: lint types contracts test wheel ## everything the gate asks: lint, types, contracts, tests, wheel

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: setup
	$(BIN)/mypy

contracts: setup
	$(BIN)/lint-imports

wheel: setup
	$(BIN)/python -m hatchling build -t wheel -d dist

bench: setup ## run the benchmarks and print one JSON line each
	@for name in matching live delivery forecast pricing replenishment; do $(BIN)/clutch bench $$name --json; done

# stockpyl asks for Sphinx add-ons; the one left out would load Sphinx whenever Python starts.
lock: ## resolve requirements.lock again, within the bounds of pyproject.toml
	uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-annotate \
		--no-emit-package sphinx-jinja2-compat \
		--python-version 3.11 --all-extras --group dev pyproject.toml --output-file requirements.lock
