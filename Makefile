# The commands of this repository. They need Python 3.11 or newer, make and the internet; everything else they fetch
# into .venv. `make` alone lists them.

PYTHON ?= python3
# More test processes than cores: most tests wait for other processes most of the time. Each begins with a row of its own,
# so that what the tests of one module share is made once.
WORKERS ?= 4
UV_VERSION := 0.13.9

BIN := .venv/bin
SOURCES := zapwerk engine connectors web
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
PROJECT := pyproject.toml README.md LICENSE

.PHONY: help demo serve test check bench chaos pictures lock clean system-packages

help:
	@echo "make demo    the main job, live in this terminal: a mail comes in, a client is created"
	@echo "make serve   Zapwerk at http://127.0.0.1:8000, its data in data/"
	@echo "make test    everything that is checked: format, lint, types, import contracts, tests"
	@echo "make check   the same without the tests"
	@echo "make bench   measures speed and memory beside this machine's limits, in a quarter of an hour; FULL=1 takes half an hour"
	@echo "make chaos   kills the engine again and again while events flow, and compares a ledger; KILLS=1000 EVENTS=100000"
	@echo "make pictures makes the pictures of the pages in docs/pictures anew"
	@echo "make lock    brings the lists of pinned packages up to date with pyproject.toml"
	@echo "make clean   removes .venv and caches; data/ and demo-data/ stay"

demo: .venv/run.stamp
	@$(BIN)/zapwerk demo

serve: .venv/run.stamp
	@$(BIN)/zapwerk serve

test: check system-packages
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

check: .venv/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy scripts docs/connectors/samples benchmarks
	$(BIN)/lint-imports --no-logo

bench: .venv/dev.stamp system-packages
	@$(BIN)/python -m benchmarks $(if $(FULL),--full)

KILLS ?= 100
EVENTS ?= 10000
SEED ?= 11

chaos: .venv/dev.stamp system-packages
	$(BIN)/python -m tests.chaos --kills $(KILLS) --events $(EVENTS) --seed $(SEED)

pictures: .venv/dev.stamp system-packages
	$(BIN)/python scripts/screenshots.py

system-packages:
	@sh scripts/system-packages

# Keeps what is pinned as long as pyproject.toml allows it; `make lock UPGRADE=1` takes the newest that it allows.
# --no-emit-index-url keeps the address of the package index out of the lock files; --universal makes one list for all
# systems and Python versions. The tools that build the project are pinned like everything else.
lock: LOCK = .venv/lock/bin/uv pip compile $(if $(UPGRADE),--upgrade)
lock: .venv/lock.stamp
	$(LOCK) --universal --no-emit-index-url --generate-hashes --extra dev pyproject.toml -o requirements-dev.txt >/dev/null
	$(LOCK) --universal --no-emit-index-url --generate-hashes --extra demo --extra postgres -c requirements-dev.txt pyproject.toml -o requirements.txt >/dev/null
	$(LOCK) --universal --no-emit-index-url --generate-hashes -c requirements-dev.txt requirements-build.in -o requirements-build.txt >/dev/null

clean:
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is younger than what was installed from; `make` looks at nothing else.
.venv/made.stamp:
	@PYTHON="$(PYTHON)" sh scripts/make-venv
	@touch $@

.venv/run.stamp: requirements.txt requirements-build.txt $(PROJECT) | .venv/made.stamp
	@echo "Installing what Zapwerk needs into .venv ..."
	@$(PIP) --require-hashes -r requirements.txt -r requirements-build.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q $(SOURCES)
	@touch $@

.venv/dev.stamp: requirements-dev.txt requirements-build.txt $(PROJECT) | .venv/made.stamp
	@echo "Installing what Zapwerk and its tests need into .venv ..."
	@$(PIP) --require-hashes -r requirements-dev.txt -r requirements-build.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q $(SOURCES) tests
	@touch $@ .venv/run.stamp

.venv/lock.stamp: | .venv/made.stamp
	@$(BIN)/python -m venv .venv/lock
	@.venv/lock/bin/python -m pip --disable-pip-version-check install --quiet uv==$(UV_VERSION)
	@touch $@
