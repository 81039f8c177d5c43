# Each target sets the project up first: it needs only Python 3.11+, bash and make.
SHELL := bash
BIN := .venv/bin

.PHONY: demo test lint format bench bench-fleet chaos fuzz soak docs chart site dashboard setup clean

demo: .venv/.ready  ## watch objects appear on a host cluster, in under a minute
	@$(BIN)/tohost demo $(ARGS)

test: .venv/.ready  ## all tests; ARGS="-k name" picks some
	@$(BIN)/python -m pytest $(ARGS)

lint: .venv/.ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.ready
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: .venv/.ready  ## throughput, latency and cost per object
	@$(BIN)/python -m benchmarks $(ARGS)

bench-fleet: .venv/.ready  ## 100 virtual clusters, fairness, scale-out, start; ARGS="scale" picks
	@$(BIN)/python -m benchmarks.fleet $(ARGS)

fuzz: .venv/.ready  ## every parser of outside input; ARGS="watch --seconds 60" picks
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check atheris==3.0.0
	@$(BIN)/python -m tests.fuzz $(ARGS)

chaos: .venv/.ready  ## a storm while everything fails; ARGS="--seed 7 --runs 3"
	@$(BIN)/python -m tests.chaos $(ARGS)

HOURS ?= 0.7
soak: .venv/.ready  ## constant churn; nothing may grow
	@$(BIN)/python -m tests.chaos.soak --hours $(HOURS) $(ARGS)

docs: .venv/.ready  ## the pages that are told from the code
	@$(BIN)/python -m tohost.kinds_page > docs/kinds.md
	@$(BIN)/python -m tohost.settings_page > docs/settings.md

chart: .venv/.ready  ## what of the Helm chart is told from the code
	@$(BIN)/python -m tohost.chart deploy/chart

site: .venv/.ready  ## the documentation as a site, in site/
	@$(BIN)/mkdocs build --strict && echo site/index.html

dashboard: .venv/.ready  ## rq-dashboard on 127.0.0.1:9181; REDIS_URL says where Redis is
	@$(BIN)/tohost dashboard --redis-url $(or $(REDIS_URL),redis://localhost:6379/0)

setup: .venv/.ready

.venv/.ready: pyproject.toml uv.lock .ci/setup
	@bash .ci/setup

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis site
