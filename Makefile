# Two commands do everything: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Machines behind a proxy of their own trust it by the system's certificates, which uv does not read by itself.
export UV_SYSTEM_CERTS := 1
export UV_NATIVE_TLS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Images often forbid bytecode. Then each sandbox, each command and each worker of pytest compiles everything again, which is a
# minute and more of processor time in one run of the tests.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test lint types imports lock check bytecode clean

run: $(VENV)/.installed
	$(BIN)/concord run

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n 3 --dist loadgroup

lint: $(VENV)/.installed-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.installed-test
	$(BIN)/mypy

imports: $(VENV)/.installed-test
	$(BIN)/lint-imports

check: lint types imports

# What every worker of pytest would otherwise compile for itself; what is wrong there, `make test` says.
bytecode: $(VENV)/.installed-test
	-@$(BIN)/python -m pytest --collect-only -q >/dev/null

# uv is quick; pip does the same where uv cannot (it does not read pip's configuration).
install = ($(BIN)/uv pip install -q --python $(BIN)/python --require-hashes --compile-bytecode -r $(1) \
	|| $(BIN)/python -m pip install -q --require-hashes -r $(1))

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	-$(BIN)/python -m pip install -q uv

$(VENV)/.installed: $(VENV)/bin/python requirements.lock pyproject.toml
	$(call install,requirements.lock)
	$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed requirements-test.lock
	$(call install,requirements-test.lock)
	@touch $@

lock: $(VENV)/bin/python
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --python-version 3.11 \
		--custom-compile-command "make lock" --group build --extra parquet pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --python-version 3.11 \
		--custom-compile-command "make lock" --group test -c requirements.lock -o requirements-test.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
