# One line each: the logic is in the package. PYTHON= chooses another interpreter (3.11 or newer), ARGS= the tests to
# run (all of them are measured for coverage) or, for deploy, more parameters such as AllowedOrigins=https://shop.example.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: setup demo test faults load abuse lint bench shots build deploy clean

$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "$(PYTHON) is missing, older than 3.11 or cannot make environments (Debian, Ubuntu: apt install python3-venv); make setup PYTHON=... takes another one" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]' && touch $@

setup: $(VENV)/.ready

demo: setup
	@$(BIN)/vitrine demo $(if $(RESET),--reset) $(if $(PORT),--port $(PORT)) $(if $(ORIGIN),--origin $(ORIGIN))

test: setup
	$(BIN)/python -m pytest $(or $(ARGS),--cov --cov-report=)

faults: setup
	FAULTS=full $(BIN)/python -m pytest tests/faults -k kill
	@$(BIN)/python -m tests.faults $(ONLY) $(if $(REQUESTS),--requests $(REQUESTS))

load: setup
	@$(BIN)/python -m tests.load $(ARGS)

abuse: setup
	@$(BIN)/python -m tests.abuse $(ARGS)

lint: setup
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

bench: setup
	@$(BIN)/python -m tests.bench $(ONLY) $(if $(DATA),--data $(DATA))

shots: setup
	@$(BIN)/python -m tests.browser $(ARGS)

build: setup
	@$(BIN)/vitrine build

deploy: build
	sam deploy --parameter-overrides CodeSha256=$$($(BIN)/vitrine build --hash) $(ARGS)

clean:
	rm -rf build .coverage htmlcov .hypothesis .*_cache
