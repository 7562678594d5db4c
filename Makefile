# The commands people use; each works on a fresh Debian 12 with python3, make and git.
.DEFAULT_GOAL := help
PYTHON_ = .venv/bin/python
PYTEST = $(PYTHON_) -m pytest

help:            ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*##/  make \1\t/p' Makefile

setup:           ## .venv with the locked packages, and the system libraries that are missing
	@scripts/setup test

run:             ## set up, migrate, demo estate, server (HOST=127.0.0.1 PORT=8000)
	@scripts/setup run
	@exec $(PYTHON_) scripts/serve.py

test: setup      ## the tests on SQLite, without the browser's (ARGS="-k word")
	@$(PYTEST) -p no:playwright --ignore=tests/browser $(ARGS)

test-postgres:   ## the same on a throw-away PostgreSQL
	@scripts/setup all
	@scripts/with-postgres $(PYTEST) -p no:playwright --ignore=tests/browser $(ARGS)

test-browser:    ## the tests in Chromium
	@scripts/setup all
	@$(PYTEST) tests/browser $(ARGS)

lint: setup      ## ruff, and whether imports go down only
	@.venv/bin/ruff check --output-format concise .
	@.venv/bin/lint-imports

bench:           ## every claim about speed against its limit (SCALE=10 for the million)
	@scripts/setup bench
	@$(PYTHON_) scripts/bench.py

shape: setup     ## the longest files and functions
	@$(PYTHON_) scripts/shape.py

lock: setup      ## resolve requirements/*.in anew (UPGRADE=1 for the newest)
	@scripts/lock

.PHONY: help setup run test test-postgres test-browser lint bench shape lock
