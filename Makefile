PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip --quiet --disable-pip-version-check install
COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links
POT := locale/xiaoer.pot

.PHONY: demo test lint format messages migration bench lock clean

demo: $(VENV)/ready  ## a running bot beside a simulated WeCom, with a community to play with
	@exec $(BIN)/xiaoer demo

test: $(VENV)/ready-to-test
	@.ci/debian chromium fonts-noto-cjk redis-server
	$(BIN)/pytest --numprocesses logical --dist worksteal

lint: $(VENV)/ready-to-test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(VENV)/ready-to-test
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

messages: $(VENV)/ready  ## collect the sentences people read; translate what is new in locale/zh_CN
	$(BIN)/pybabel --quiet extract --mapping locale/babel.cfg --sort-output --no-location --no-wrap --omit-header \
	  --output $(POT) bot handlers
	$(BIN)/pybabel --quiet update --input-file $(POT) --output-dir locale --domain xiaoer --locale zh_CN \
	  --no-wrap --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date

migration: $(VENV)/ready-to-test  ## make migration m="what changed in the tables"
	@test -n "$(m)" || { echo 'say what changed: make migration m="…"' >&2; exit 2; }
	@rm -f $(VENV)/tables.db
	@$(BIN)/python -c 'import sys; from bot.storage import migrate; url, message = sys.argv[1:]; \
	  migrate.migrate(url); migrate.revise(url, message)' sqlite:///$(VENV)/tables.db "$(m)"

bench: $(VENV)/ready-to-test  ## print the ratios; some take minutes
	@set -e; for name in start intake events welcome queue timers mass engine simulation experiments segments; do \
	  echo "== $$name"; $(BIN)/python -m bench.$$name; done

lock: export CUSTOM_COMPILE_COMMAND = make lock
lock: $(VENV)/ready-to-test  ## pin the newest versions that pyproject.toml allows
	$(COMPILE) --upgrade --all-build-deps --only-build-deps --output-file requirements-build.lock pyproject.toml
	$(COMPILE) --upgrade --output-file requirements.lock pyproject.toml
	$(COMPILE) --upgrade --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info

# Two steps, because jieba comes as source: what builds it is there, and pinned, before it is asked for.
$(VENV)/ready: requirements-build.lock requirements.lock pyproject.toml
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || .ci/debian python3-venv
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing what $< and requirements.lock pin; this takes a minute, once."
	@$(INSTALL) --require-hashes -r requirements-build.lock
	@$(INSTALL) --require-hashes --no-build-isolation --use-pep517 -r requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/ready-to-test: $(VENV)/ready requirements-dev.lock
	@echo "Installing what the tests need."
	@$(INSTALL) --require-hashes --no-build-isolation --use-pep517 -r requirements-dev.lock
	@touch $@
