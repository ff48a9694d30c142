# One line each: the logic is in the package. PYTHON= chooses another interpreter (3.11 or newer).
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: setup demo test lint bench build

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]' && touch $@

setup: $(VENV)/.ready

demo: setup
	@$(BIN)/vitrine demo $(if $(RESET),--reset) $(if $(PORT),--port $(PORT))

test: setup
	$(BIN)/python -m pytest $(ARGS)

lint: setup
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

bench: setup
	@$(BIN)/python -m tests.bench $(ONLY)

build: setup
	@$(BIN)/vitrine build
