# `make` lists the targets. Everything lives in .venv; nothing is installed outside it but the servers the tests need.
PYTHON ?= python3
BIN := .venv/bin
# Compiled files are part of a fair start-up time, whatever the caller's environment says.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help

.PHONY: help setup check fix test cov quick docs bench soak demo dist ci lock

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

.venv/.dev: requirements/dev.txt pyproject.toml
	@sh tools/venv $(PYTHON)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-warn-script-location --no-deps --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-warn-script-location --no-deps --no-build-isolation -e .
	@touch $@ .venv/.demo

.venv/.demo: requirements/demo.txt pyproject.toml
	@sh tools/venv $(PYTHON)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-warn-script-location --no-deps --require-hashes -r requirements/demo.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-warn-script-location --no-deps --no-build-isolation -e .
	@touch $@

setup: .venv/.dev ## make .venv with the package and its tools
	@$(BIN)/python -m compileall -q src

check: setup ## lint, types, layers
	@$(BIN)/ruff format --check -q .
	@$(BIN)/ruff check -q .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache >/tmp/mailctl-lint.$$$$ || { cat /tmp/mailctl-lint.$$$$; exit 1; }; rm -f /tmp/mailctl-lint.$$$$

fix: setup ## the same, repairing what can be
	@$(BIN)/ruff format -q .
	@$(BIN)/ruff check -q --fix .

test: setup ## install the servers the tests need, run all tests
	@sh tests/install
	@$(BIN)/python -m pytest

quick: setup ## the tests that need no server, in parallel
	@$(BIN)/python -m pytest -m "not live" -n auto

cov: setup ## all tests with branch coverage
	@sh tests/install
	@$(BIN)/python -m pytest --cov --cov-report=term:skip-covered

demo: .venv/.demo ## a tour on embedded servers
	@$(BIN)/mailctl demo

dist: setup ## wheel and sdist, tried in a clean environment
	@rm -rf dist build/clean
	@$(BIN)/python -m build --no-isolation -o dist . >/dev/null
	@$(PYTHON) -m venv build/clean
	@build/clean/bin/pip install -q --disable-pip-version-check dist/*.whl
	@build/clean/bin/mailctl --version

lock: ## write requirements/*.txt anew, nothing younger than a week (needs uv)
	@for f in demo dev; do uv pip compile -q --generate-hashes --no-emit-index-url --universal --python-version 3.11 \
	  --exclude-newer "$$(date -u -d '-7 days' +%F)" --custom-compile-command "make lock" \
	  requirements/$$f.in -o requirements/$$f.txt; done

docs: setup ## write what is generated: docs, completions, the JSON keys, the schemas
	@$(BIN)/python tools/schemas.py
	@$(BIN)/python tools/docs.py

bench: setup ## start-up, the store and sending as ratios; prints, never fails
	@$(BIN)/python benchmarks/startup.py
	@$(BIN)/python benchmarks/store.py
	@$(BIN)/python benchmarks/send.py

soak: setup ## the checker, then fetching, and random faults, for half an hour each (SOAK_SECONDS=1800)
	@sh tests/install
	@SOAK_SECONDS=$${SOAK_SECONDS:-1800} $(BIN)/python -m pytest tests/live/test_daemon_faults.py \
	  tests/live/test_fetch_soak.py tests/live/test_fetch.py -k "soak or large_message"

ci: check ## what decides whether a change lands
	@$(BIN)/python tools/schemas.py --check
	@$(BIN)/python tools/docs.py --check
	@$(MAKE) --no-print-directory cov dist
