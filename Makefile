# `make demo` and `make test` do all the set-up themselves: environment, package, assets.
# Another interpreter: `make test PYTHON=python3.12 VENV=.venv312`.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
SOURCES := sm_jax configs experiments tests tools setup.py
INSTALLED := $(VENV)/.installed

.PHONY: demo test lint format docs assets clean
.DELETE_ON_ERROR:

demo: assets
	$(BIN)/sm-jax reconstruct sample:cam01 --out out/demo --overwrite

test: lint assets
	$(BIN)/python -m pytest --numprocesses auto --no-loadscope-reorder

lint: $(INSTALLED)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/pyrefly check

format: $(INSTALLED)
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

# A site that opens without a server: out/site/index.html.
docs: $(INSTALLED)
	$(BIN)/mkdocs build

# Cheap when everything is in the cache: it only verifies the files.
assets: $(INSTALLED)
	$(BIN)/sm-jax fetch

$(INSTALLED): setup.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "sm_jax needs Python 3.11 or newer; name one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off -e '.[video,text,export,viewer,usd,vlm,train,dev]'
	touch $@

clean:
	rm -rf $(VENV) out build *.egg-info .pytest_cache .ruff_cache
