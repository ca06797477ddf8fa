# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# For those who work in a checkout. Everything is set up in .venv when it is first needed; what is
# behind each target stands in tests/tools.

TOOLS := tests/tools
export PYTHON

STAGES := $(TOOLS)/run-stages

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help env quickstart check test test-all lint sanity unit nodes simulator differential documentation \
	tokens faults integration molecule mutants benchmarks

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

env: ## print the lines that put a shell into the environment, for eval
	@$(TOOLS)/environment --ansible

quickstart: ## from a domain claim to a served certificate, against a simulator on this machine
	@$(TOOLS)/quickstart

check: ## what one runs all day: lint, types, and the unit tests of what was touched
	@$(STAGES) --check

test: ## all tests, side by side: what continuous integration runs
	@$(STAGES)

test-all: ## and those that take hours: mutants, long histories, integration on other ansible-cores
	@$(STAGES) --all

lint: ## style, types, documentation and changelog
	@$(STAGES) lint

sanity: ## what Ansible asks of every collection, by its newest and its oldest version
	@$(STAGES) sanity

unit: ## each function's contract
	@$(STAGES) unit

nodes: ## the node's half with the oldest and the newest libraries that nodes have
	@$(STAGES) nodes

simulator: ## the simulator's own tests
	@$(STAGES) simulator

differential: ## the client's policy check against the simulator's, on random policies and requests
	@$(STAGES) differential

documentation: ## every example of the documentation
	@$(STAGES) documentation

tokens: ## TXT records and files with tokens, at real name servers and web servers
	@$(STAGES) tokens

faults: ## every call of the client with every fault, and tasks killed at every moment
	@$(STAGES) faults

integration: ## every module against the simulator
	@$(STAGES) integration

molecule: ## the roles on two systemd nodes in podman
	@$(STAGES) molecule

mutants: ## which changes of the code no unit test notices; takes an hour or more
	@$(STAGES) mutants

benchmarks: ## how long plays take, beside a ping and a bare script; takes ten minutes
	@$(TOOLS)/in-environment python tests/benchmarks --steps
