# The two commands: `make verify` judges a server, `make test` judges this project. Both set up what is missing in .venv/.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
PIP_INSTALL := $(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes
# For the entry point that pytest must know before it reads any settings (see contracts/anchor.py).
IN_PLACE := $(RUN) -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation --editable .
LOCK := uv pip compile --quiet $(UPGRADE) --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make lock"

ON_SANDBOX := --window 2 --load-time 165

# One that is empty, as where a pipeline's variable is not set, is refused: the sandbox's verdict must not pass for its.
TARGET := $(if $(filter undefined,$(origin BASE_URL)),$(ON_SANDBOX),--base-url "$$BASE_URL")
export BASE_URL

.DEFAULT_GOAL := help
.PHONY: help verify test lock audit chromium

help: ## say what there is to make
	@sed -n 's/^\([a-z]*\):.*## /  make \1  \t/p' Makefile
	@echo '  PYTHON=…      the Python to set up .venv/ with (3.11 or newer; default python3)'
	@echo '  BASE_URL=…    the server to verify (default: the embedded sandbox); the key is read from BSPK_API_KEY'
	@echo '  PYTEST_ARGS=… more options, such as --catalogue stock.csv --max-requests 500 --allow-production'
	@echo 'make itself exits 2 on any failure; pytest, run alone, exits 0 held, 1 broken, 6 undecided.'

# The sandbox has a window of 2 s here, so that a newcomer sees the whole in three minutes.
verify: $(VENV)/.ready-to-verify ## judge BASE_URL by contracts and load tests, write a report, say where it is
	@$(RUN) -m pytest contracts loadtests $(TARGET) $(PYTEST_ARGS)

# Every step runs, so that one look shows all that is wrong; pytest last, so that its summary is the last line. A process
# of tests that dies ends them: the others would wait for it for ever.
test: $(VENV)/.ready-to-test chromium ## lint, type-check and test the project itself
	@failed=0; \
	$(RUN) -m ruff check --quiet . || failed=1; \
	$(RUN) -m ruff format --check --quiet . || failed=1; \
	$(RUN) -m mypy --no-error-summary . || failed=1; \
	[ $$failed = 0 ] || echo 'Lint or types failed, see above.' >&2; \
	$(RUN) -m pytest tests --numprocesses 3 --dist loadfile --max-worker-restart 0 $(PYTEST_ARGS) || failed=1; \
	exit $$failed

lock: ## bring requirements*.lock in line with requirements*.in (needs uv; UPGRADE=--upgrade for newer versions)
	@command -v uv >/dev/null || { echo 'make lock needs uv: pip install uv' >&2; exit 1; }
	@$(LOCK) requirements.in --output-file requirements.lock
	@$(LOCK) requirements-dev.in --output-file requirements-dev.lock

# Strict: a package that its database does not know, or that cannot be looked up, is no clean one.
audit: ## look the locked packages up for known weaknesses (needs pip-audit, and its database within reach)
	@command -v pip-audit >/dev/null || { echo 'make audit needs pip-audit: pip install pip-audit' >&2; exit 1; }
	@said=$$(pip-audit --strict --progress-spinner off --require-hashes --disable-pip --requirement requirements-dev.lock 2>&1) \
		&& { echo "$$said"; exit 0; }; \
	echo "$$said" | tail -40 >&2; \
	case "$$said" in \
		*'vulnerabilit'*' in '*'package'*) echo 'Known weaknesses, see above.' >&2 ;; \
		*) echo 'Nothing was audited: pip-audit cannot reach its database (the JSON API of PyPI).' >&2 ;; \
	esac; exit 1

$(RUN):
	@command -v $(PYTHON) >/dev/null || { echo '$(PYTHON) is not there; name one: make PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed, $(PYTHON) is $$($(PYTHON) --version 2>&1); name one: make PYTHON=python3.12" >&2; \
		exit 1; }
	@echo 'Setting up $(VENV)/ …' >&2
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.ready-to-verify: requirements.lock pyproject.toml | $(RUN)
	@$(PIP_INSTALL) -r requirements.lock
	@$(IN_PLACE)
	@touch $@

# The development lock holds the other one whole, in the same versions.
$(VENV)/.ready-to-test: requirements-dev.lock pyproject.toml | $(RUN)
	@$(PIP_INSTALL) -r requirements-dev.lock
	@$(IN_PLACE)
	@touch $(VENV)/.ready-to-verify $@

# Without it the browser tests say so themselves; the others need none.
chromium:
	@for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo 'Installing Chromium for the browser tests …' >&2; \
		export DEBIAN_FRONTEND=noninteractive; \
		apt-get update -qq >/dev/null; \
		apt-get install -qq --no-install-recommends -o DPkg::Lock::Timeout=300 chromium >/dev/null && exit 0; \
	fi; \
	echo 'The browser tests need Chromium; on Debian: apt-get install chromium' >&2
