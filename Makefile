# The commands of the README. `make demo` needs Python 3.11+ and pip, nothing else.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=
BENCH ?=
WORKERS ?= 2

.PHONY: help
help: ## what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

# --- environments: each installs exactly what its lock names, by hash ---------------------------
$(VENV)/.demo: locks/demo.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
	  echo "python3 cannot make a virtual environment: on Debian, apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/demo.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: locks/dev.txt pyproject.toml deploy/dev/system-packages.sh
	@deploy/dev/system-packages.sh
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.demo

.PHONY: demo
demo: $(VENV)/.demo ## the whole town on this machine; ARGS="--once --json" tells the story without a browser
	@$(BIN)/kagimori-demo $(ARGS)

.PHONY: test
test: $(VENV)/.dev ## all tests, with the real parts installed from Debian
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup --durations=25 -m "not soak" $(ARGS)

.PHONY: check
check: $(VENV)/.dev ## lint, types, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

.PHONY: bench
bench: $(VENV)/.dev ## measurements beside their peers; BENCH=osdp runs one
	@$(BIN)/python -m bench $(BENCH)

.PHONY: soak
soak: $(VENV)/.dev ## the long form of the promises
	@$(BIN)/python -m pytest -n 1 -s --timeout 7200 -m soak $(ARGS)

.PHONY: fuzz
fuzz: $(VENV)/.dev ## coverage-guided fuzzing of every parser and session; ARGS="--seconds 600 osdp"
	@$(BIN)/python -m tests.fuzz $(ARGS)

.PHONY: lock
lock: ## write the lock files anew (needs uv in the environment)
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --python-version 3.11 --extra demo --extra build --custom-compile-command "make lock" pyproject.toml -o locks/demo.txt
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --python-version 3.11 --extra dev --extra build --custom-compile-command "make lock" -c locks/demo.txt pyproject.toml -o locks/dev.txt

.PHONY: clean
clean: ## remove what was made
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
