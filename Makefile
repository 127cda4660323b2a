# Everything runs from the virtual environment that the first target makes; nothing else is installed.
# Another Python:  make run PYTHON=python3.12      Another state folder:  make run CRM_HOME=/srv/crm
SHELL = /bin/sh
BIN = .venv/bin
CRM_HOME ?= $(CURDIR)/data
export CRM_HOME
# No tool of ours may look for a host outside; threads of the models fight over two cores otherwise.
export DO_NOT_TRACK = 1
export DBT_SEND_ANONYMOUS_USAGE_STATS = false
export GX_ANALYTICS_ENABLED = false

.PHONY: help run test test-nights test-faults check ui manifest dictionary bench lock clean run-environment test-environment

help:
	@echo "make run         install, land the demo bank, run one night (again: the next business date)"
	@echo "make test        install the test requirements too and run the tests"
	@echo "make test-nights  tell the longer stories: late deliveries, corrections, replays, rebuilds"
	@echo "make test-faults  kill, starve and mislead nights by the thousand; writes docs/reliability.md"
	@echo "make check       format, lint, types, feeds, dbt parse, conventions"
	@echo "make ui          open the graph of assets in the browser"
	@echo "make manifest    rebuild the dbt manifest"
	@echo "make dictionary  rewrite what is generated from the feeds: staging models, docs"
	@echo "make bench       measure the nights against the floor, a sheet against its reader"
	@echo "make lock        renew the lock files"
	@echo "make clean       remove caches and build files (never the state in CRM_HOME)"

run-environment:
	@PYTHON="$(PYTHON)" sh scripts/environment.sh run

test-environment:
	@PYTHON="$(PYTHON)" sh scripts/environment.sh test

# Whoever has laid files of his own into landing/ gets a night on them and no demo bank.
run: run-environment
	@if [ -d "$(CRM_HOME)/demo" ]; then $(BIN)/crm demo --next; \
	elif [ -z "$$(ls -A "$(CRM_HOME)/landing" 2>/dev/null)" ]; then $(BIN)/crm demo; fi
	@$(BIN)/crm run

# loadfile: tests of one module share what their fixtures build, so they stay in one process.
# What is no behaviour but form (tests/conventions) is a part of `make check`.
test: test-environment
	@$(BIN)/python -m pytest -n 2 --dist loadfile tests/unit tests/integration tests/faults

# Some forty whole nights, half an hour on two cores.
test-nights: test-environment
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m nights tests/integration

# Ends within an hour on two cores that have nothing else to do. Every fault, not every second one:
#   make test-faults FAULTS_STEP=1      Whole nights killed:  FAULTS_NIGHTS=88 (every boundary)
test-faults: export FAULTS_STEP ?= 2
test-faults: test-environment
	@rm -rf build/faults
	@$(BIN)/python -m pytest -n 2 -m faults tests/faults; \
		code=$$?; $(BIN)/python -m tests.faults.report && exit $$code

check: test-environment manifest
	@echo "format, lint";  $(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@echo "types";         $(BIN)/mypy
	@echo "yaml";          $(BIN)/yamllint --strict .
	@echo "feeds";         $(BIN)/python -m ingestion.contracts check
	@echo "sql";           $(BIN)/python scripts/lint_sql.py
# Parsing touches neither lake nor warehouse; the profile only wants the names of their folders. Anew,
# since an old parse meets a test that moved between files twice.
	@echo "dbt parse";     CRM_BUILD_DIR=build CRM_LAKE_DIR=build $(BIN)/dbt --quiet --warn-error parse --no-partial-parse \
		--project-dir dbt --profiles-dir dbt --target-path ../build/dbt --log-path build/dbt
	@echo "dbt rules";     $(BIN)/dbt-bouncer run
	@echo "conventions";   $(BIN)/python -m pytest --quiet -n 2 --dist loadfile tests/conventions

# The graph of assets is drawn from it; a changed project is noticed, so this only does it ahead.
manifest: run-environment
	@$(BIN)/python -c "from dagster_project import dbt_runner; dbt_runner.parse()"

dictionary: run-environment
	@$(BIN)/python -m ingestion.contracts write

ui: run-environment
	@$(BIN)/python -m dagster_project.ui

# Another size:  make bench BENCH="--customers 200000"
bench: run-environment
	@$(BIN)/python benchmarks/bench.py $(BENCH)
	@$(BIN)/python benchmarks/sheet.py
	@$(BIN)/python benchmarks/extract.py

lock: test-environment
	@sh scripts/lock.sh

clean:
	@rm -rf build dbt/target dbt/logs logs .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
	@find . -name __pycache__ -type d -not -path "./.venv/*" -prune -exec rm -rf {} +
