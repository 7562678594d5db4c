# The commands people use; each works on a fresh Debian 12 with python3, make and git.
.DEFAULT_GOAL := help
PYTEST = .venv/bin/python -m pytest

help:            ## this list
	@sed -n 's/^\([a-z-]*\): *##/  make \1 \t/p; s/^\([a-z-]*\):.*##/  make \1 \t/p' Makefile

setup:           ## .venv, locked packages, missing system libraries
	@scripts/setup test

test: setup      ## the tests on SQLite, without the browser's
	@$(PYTEST) -p no:playwright --ignore=tests/browser $(ARGS)

lock: setup      ## resolve requirements/*.in anew, with hashes and without addresses
	@scripts/lock

.PHONY: help setup test lock
