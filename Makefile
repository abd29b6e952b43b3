# Relative paths only: the directory of this project may hold spaces.
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
# uv from the machine where there is one, else from the package index into .uv/.
UV := $(shell command -v uv || echo .uv/bin/uv)
RUN := .venv/bin/python
# Where PYTHONDONTWRITEBYTECODE is set, as in containers, every start would compile all over again.
export UV_COMPILE_BYTECODE := 1
# What no file may hold: hosts of package indexes and their mirrors, and paths that are true on one
# machine alone. Each host has a class of one character, so that this line does not match itself.
PLACES := p[y]pi[.]org|python[h]osted|registry[.]np[m]js|[.]deb[i]an[.]org|(^|[^[:alnum:]])/(home|root|tmp|Users|work)/

.PHONY: help
help: ## Show these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-12s %s\n", $$1, $$2}'

.uv/bin/uv:
	$(PYTHON) -m venv .uv
	.uv/bin/python -m pip install --quiet uv

.venv/.installed: requirements.lock pyproject.toml | $(filter .uv/bin/uv,$(UV))
	$(UV) venv --quiet --allow-existing --python '$(or $(UV_PYTHON),>=3.11)' .venv
	$(UV) pip sync --quiet --python .venv requirements.lock
	$(UV) pip install --quiet --python .venv --no-deps --editable .
	@touch $@

.PHONY: install
install: .venv/.installed ## Install the tap and all that its tests need into .venv

# Meltano's plugins have environments of their own, below .meltano. What is installed of the taps is
# a copy: where nothing else has changed, they alone are installed anew.
SOURCES := pyproject.toml $(shell find paged_rest tap_nexus_erp tap_rotor target_rotor -name '*.py' -o -name '*.json')
.meltano/.installed: .venv/.installed meltano.yml load/pyproject.toml $(SOURCES)
	@mkdir -p .meltano
	.venv/bin/meltano --log-config=none install \
		$(if $(filter-out $(SOURCES),$?),,tap-nexus-erp tap-rotor target-rotor)
	@touch $@

.PHONY: plugins
plugins: .meltano/.installed ## Install the tap and its targets as Meltano's plugins

# uv is a part of Meltano, so it comes first: by the hashes of the lock file, as all that it installs.
SERVER := PYTHONDONTWRITEBYTECODE= UV_CONSTRAINT=requirements-server.lock
.PHONY: server
server: ## Install what a server needs, and nothing for tests or dbt: PLUGINS= names others
	test -x .venv/bin/python || $(PYTHON) -m venv .venv
	sed -n '/^uv==/,/[^\\]$$/p' requirements-server.lock > .venv/uv.txt
	.venv/bin/python -m pip install --quiet --require-hashes --requirement .venv/uv.txt
	$(SERVER) .venv/bin/uv pip install --python .venv --group meltano
	$(SERVER) .venv/bin/meltano --log-config=none install $(or $(PLUGINS),tap-rotor target-postgres)

.PHONY: demo
demo: install plugins ## Load a made-up company into an embedded PostgreSQL, show its funnel; again: its changes
	@$(RUN) -m tools.demo $(ARGS)

.PHONY: clean-demo
clean-demo: ## Forget all that the demo has made
	rm -rf .demo

.PHONY: dagster
dagster: install plugins ## Open Dagster over made-up companies: see orchestrate/README.md
	@$(RUN) -m tools.demo.dagster

.PHONY: test
test: install plugins ## Install, and pass all tests but the long ones, at least 95 % of the branches covered
	$(RUN) -m pytest --cov --cov-report=term

# These need Meltano and PostgreSQL, whose versions are their own.
PIPELINES := --ignore tests/e2e --ignore tests/targets --ignore tests/tools/test_page.py \
	--ignore tests/tools/test_simulation.py --ignore tests/tools/test_benchmarks.py \
	--ignore tests/reading/test_postgres_order.py

# Compiled files are kept even where PYTHONDONTWRITEBYTECODE is set, or pytest would rewrite every
# module again: 5 s in each process.
.PHONY: quick
quick: install ## Have a first answer within a minute: most of the tests, none slow, no plugins
	@PYTHONDONTWRITEBYTECODE= $(RUN) -m pytest -q -m 'not long and not slow' $(PIPELINES)

.PHONY: test-long
test-long: install plugins ## Pass the others, which take long
	$(RUN) -m pytest -m long --durations=0

.PHONY: test-targets
test-targets: install ## Load into six other targets, each in an environment of its own
	$(RUN) -m pytest -m long --durations=0 tests/targets/test_targets.py

.PHONY: simulate
simulate: install plugins ## Load a month of a changing company through faults and kills: DAYS=, SEED=
	$(RUN) -m tools.simulation --days $(or $(DAYS),30) $(if $(SEED),--seed $(SEED))

.PHONY: bench
bench: install plugins ## Measure tap-rotor beside its peers, an hour on a quiet machine: ARGS=
	@$(RUN) -m tools.benchmarks $(ARGS)

.PHONY: check
check: install ## Run every static check
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy .
	.venv/bin/ty check --quiet
	.venv/bin/deptry paged_rest tap_nexus_erp tap_rotor target_rotor
	.venv/bin/typos
	.venv/bin/check-jsonschema --builtin-schema vendor.meltano meltano.yml
	.venv/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml orchestrate/github/*.yml
	.venv/bin/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	.venv/bin/check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/bug.yml
	.venv/bin/hadolint Dockerfile
	.venv/bin/zizmor --quiet --offline --persona=pedantic .github orchestrate/github/*.yml
	@# Status 1: none was found.
	git grep -nIE '$(PLACES)'; test $$? -eq 1

.PHONY: generate
generate: install ## Write anew what is made of the taps' declarations: settings, tables, catalog, sources
	@$(RUN) -m tools.generate

.PHONY: hooks
hooks: install ## Run ruff and typos before a commit, `make check` before a push
	.venv/bin/prek install --quiet

.PHONY: lowest
lowest: | $(filter .uv/bin/uv,$(UV)) ## Pass the tests that need no plugins with the oldest dependencies allowed
	$(UV) venv --quiet --clear --python 3.11 .venv-lowest
	$(UV) pip install --quiet --python .venv-lowest --resolution lowest-direct \
		--group test --editable .
	.venv-lowest/bin/python -m pytest $(PIPELINES)

.PHONY: sdk-next
sdk-next: | $(filter .uv/bin/uv,$(UV)) ## Pass the same with the newest singer-sdk, pre-releases included
	$(UV) venv --quiet --clear --python '>=3.11' .venv-next
	$(UV) pip install --quiet --python .venv-next --group test --editable .
	@# Alone, so that a pre-release of nothing else comes along, and above our own bound, too.
	$(UV) pip install --quiet --python .venv-next --prerelease allow \
		--upgrade-package singer-sdk 'singer-sdk[msgspec,testing]'
	.venv-next/bin/python -c 'import importlib.metadata as m; print("singer-sdk", m.version("singer-sdk"))'
	.venv-next/bin/python -m pytest $(PIPELINES)

.PHONY: notes
notes: ## Print what CHANGELOG.md says of a version: TAG=v1.2.3
	@awk -v title='## [$(TAG:v%=%)]' '/^## / { on = index($$0, title) == 1; next } on' \
		CHANGELOG.md | grep .

# Nothing younger than a week: most bad releases are found within days. UPGRADE= changes only
# what pyproject.toml asks for.
UPGRADE := --upgrade
COMPILE = $(UV) pip compile --quiet --universal $(UPGRADE) --generate-hashes --no-annotate \
	--python-version 3.11 --exclude-newer '7 days' --custom-compile-command 'make lock' pyproject.toml
.PHONY: lock
lock: | $(filter .uv/bin/uv,$(UV)) ## Renew requirements*.lock; with UPGRADE= only where it must
	$(COMPILE) --group dev --output-file requirements.lock
	$(COMPILE) --group server --output-file requirements-server.lock
