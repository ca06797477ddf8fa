# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# For those who work in a checkout. Everything is set up in .venv when it is first needed; what is
# behind each target stands in tests/tools.

TOOLS := tests/tools
export PYTHON

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help env quickstart test lint sanity unit nodes simulator differential tokens faults integration molecule

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

env: ## print the lines that put a shell into the environment, for eval
	@$(TOOLS)/environment --ansible

quickstart: ## from a domain claim to a served certificate, against a simulator on this machine
	@$(TOOLS)/quickstart

test: lint sanity unit nodes simulator differential tokens faults integration molecule ## all of the following, in this order

lint: ## style, types, documentation and changelog
	@$(TOOLS)/lint

sanity: ## what Ansible asks of every collection
	@$(TOOLS)/run-ansible-test sanity

unit: ## each function's contract
	@$(TOOLS)/run-ansible-test units --venv

nodes: ## the node's half with the oldest and the newest libraries that nodes have
	@$(TOOLS)/run-nodes

simulator: ## the simulator's own tests
	@$(TOOLS)/in-environment pytest tests/simulator

differential: ## the client's policy check against the simulator's, on random policies and requests
	@$(TOOLS)/in-environment pytest tests/differential

tokens: ## TXT records and files with tokens, at real name servers and web servers
	@$(TOOLS)/in-environment pytest tests/tokens

faults: ## every call of the client with every fault, and one login for a whole run
	@$(TOOLS)/in-environment pytest tests/faults

integration: ## every module against the simulator
	@$(TOOLS)/run-ansible-test integration --venv

molecule: ## the roles on two systemd nodes in podman
	@$(TOOLS)/run-molecule
