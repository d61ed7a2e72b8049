# What there is to do with Lianhu; `make` alone lists it. Every verb sets up .venv first, from the lock file, once.

PYTHON ?= python3
SHELL := /bin/sh
.SHELLFLAGS := -euc
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test check bench sdl lock sbom clean set-up

bin := .venv/bin
python := $(bin)/python

# The stamp says that .venv was filled to the end; without it (an interrupted set-up, a Python that is gone) .venv is made anew.
stamp := .venv/.installed
$(shell test -x $(python) || rm -f $(stamp))

# Two verbs at once must not both make .venv: the second waits, then finds it made.
one_at_a_time := $(if $(shell command -v flock),flock requirements/dev.txt)

help: ## list the verbs
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r verb does; do printf '  make %-6s %s\n' "$$verb" "$$does"; done

run: set-up ## play the demo on 127.0.0.1:8000 and go on serving (PORT=9000: elsewhere; ONCE=1: end after the main job)
	@case "$${ONCE:-0}" in 0) once= ;; *) once=--once ;; esac; \
	LIANHU_PORT=$${PORT:-$${LIANHU_PORT:-8000}}; export LIANHU_PORT; \
	exec $(python) -m server demo $$once

test: set-up ## run the whole suite against a real MongoDB, and hold the coverage floor
	@$(python) -m pytest -n auto --maxprocesses 8 --cov --cov-report=term
	@printf 'Coverage of domain and resolvers, in %% (at least 95): '
	@$(python) -m coverage report --include='domain/*,resolvers/*' --format=total --fail-under=95

check: set-up ## judge the code: format, lint, types, floors, SDL snapshot, Dockerfile
	@echo '== format'
	@$(python) -m ruff format --check .
	@echo '== lint'
	@$(python) -m ruff check .
	@echo '== types'
	@$(python) -m mypy
	@echo '== floors'
	@$(python) $(bin)/lint-imports
	@echo '== SDL snapshot'
	@$(python) -m server sdl --check
	@echo '== Dockerfile'
	@$(bin)/hadolint Dockerfile
	@echo 'All checks passed.'

bench: set-up ## measure speed and size
	@exec $(python) -m bench

sdl: set-up ## write schema/schema.graphql anew from the code
	@$(python) -m server sdl > schema/schema.graphql.new || { rm -f schema/schema.graphql.new; exit 1; }
	@mv schema/schema.graphql.new schema/schema.graphql

lock: build/uv/bin/uv ## write requirements/ anew from pyproject.toml (UPGRADE=1: take the newest of everything)
	@$(compile) --extra dev --output-file requirements/dev.txt pyproject.toml
	@$(compile) --constraint requirements/dev.txt --output-file requirements/run.txt pyproject.toml

compile = build/uv/bin/uv pip compile --quiet --universal --no-strip-extras --generate-hashes --no-header --no-annotate --python-version 3.11 $(if $(UPGRADE),--upgrade)

build/uv/bin/uv:
	@$(PYTHON) -m venv --clear build/uv
	@build/uv/bin/pip install --quiet --disable-pip-version-check --no-input 'uv>=0.13'

sbom: set-up ## write what the product is made of to build/sbom.json (CycloneDX)
	@mkdir -p build
	@$(python) -m cyclonedx_py requirements requirements/run.txt --pyproject pyproject.toml --output-reproducible --output-file build/sbom.json

clean: ## remove .venv, the demo's data (.data), caches and build/
	@rm -rf .venv .data build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache htmlcov .coverage .coverage.*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

set-up:
	@$(one_at_a_time) $(MAKE) --silent $(stamp)

$(stamp): requirements/dev.txt
	@command -v $(PYTHON) > /dev/null || { echo 'Python is missing: `apt-get install python3 python3-venv`, or name one with PYTHON=.' >&2; exit 1; }
	@$(PYTHON) bin/preflight.py
	@echo 'Setting up .venv from $< (once; about a minute)'
	@rm -f $(stamp)
	@$(PYTHON) -m venv --clear .venv
	@$(python) -m pip install --quiet --disable-pip-version-check --no-input --require-hashes --requirement $< \
	|| { echo 'The set-up did not get through: mend what pip says above (often the network), and run make again.' >&2; exit 1; }
	@touch $(stamp)
