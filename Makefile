# Each rule is one line of work; `bootstrap.py` does what needs more than that.
PY ?= python3
RUN := .venv/bin/deliverycheck
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-containers check browser mutants bench bench-large detect yardstick soak doctor clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
setup: ## Environment, Java, Kafka, RabbitMQ, Toxiproxy: fetched once, then found
	@$(PY) bootstrap.py
demo: setup ## A minute of real Kafka and one of RabbitMQ, broken and judged
	@$(RUN) run --profile demo
test: setup ## The suite's own tests, then smoke runs against real Kafka and RabbitMQ
	@.venv/bin/python -m pytest selftests
	@$(RUN) run --profile smoke
test-containers: setup ## The container backend on a real engine; ENGINE=install may install one
	@ENGINE=$(ENGINE) .venv/bin/python -m selftests.containers $(if $(AGAINST),--against $(AGAINST))
check: setup ## Before each commit: ruff, mypy, the suite's own tests
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/python -m pytest -q selftests
browser: setup ## The report in a real browser: needs Chromium of the system, says so if it is not there
	@$(PY) bootstrap.py browser
	@.venv/bin/python -m pytest -q selftests/browser
mutants: setup ## Defects planted in the checkers, and which no test finds (ONLY=log/ for a part)
	@$(PY) bootstrap.py mutants
	@.venv/bin/python -m selftests.mutants $(ONLY)
bench: setup ## Rates and ratios on this machine
	@$(RUN) bench
bench-large: setup ## Histories of up to 10^8 messages; says first how much disk it needs
	@.venv/bin/python -m deliverycheck.cli.bench.large
detect: setup ## How often each must-break claim is found, 30 seeds each
	@$(RUN) detect
yardstick: setup ## How well the search finds and shrinks planted defects; no broker
	@.venv/bin/python -m selftests.yardstick
soak: setup ## Hours of it, and the harness killed at random moments
	@$(RUN) soak
doctor: ## What is here, what is missing, what to do
	@$(RUN) doctor
clean: ## Remove what set-up and runs left in this folder; the cache stays
	@rm -rf .venv .venv.lock reports/out .mypy_cache .pytest_cache .ruff_cache .hypothesis
