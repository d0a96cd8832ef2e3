# Everything a fresh machine needs: Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: run test lint bench soak clean

run: $(READY)  ## the replay, then the daemon stays up; ONCE=1 ends after the summary
	$(BIN)/python -m leakwatch demo $(if $(ONCE),--once,--keep) $(if $(SEED),--seed $(SEED)) $(ARGS)

test: $(READY)  ## all tests
	$(BIN)/python -m pytest -n 3 --dist loadfile $(ARGS)

lint: $(READY)  ## style, types, import floors
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright --level error
	$(BIN)/lint-imports

bench: $(READY)  ## figures of docs/benchmarks.md
	$(BIN)/python benchmarks/fingerprints.py
	$(BIN)/python benchmarks/proof.py
	$(BIN)/python benchmarks/fakes.py
	$(BIN)/python benchmarks/zero_payload.py
	$(BIN)/python benchmarks/decisions.py
	$(BIN)/python benchmarks/rules.py

soak: $(READY)  ## the replay with ten seeds, without a leak, with twenty kills; 600 deaths; a storm; 50 restarts
	$(BIN)/python benchmarks/replay.py
	$(BIN)/python benchmarks/kills.py --at-once 2
	$(BIN)/python benchmarks/storm.py
	$(BIN)/python benchmarks/storm.py --restarts

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

clean:
	rm -rf $(VENV) var
