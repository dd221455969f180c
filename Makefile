# Every command of this project; `make` alone lists them. What they do is in local/onemachine.
.PHONY: help setup drill stop test simulate model bench unbench museum mutants mutants-guards iam infra infra-tables lint fmt doc schema lambdas package clean ready

PYTHON = python3
# release is what is deployed; debug builds in a tenth of the time.
PROFILE = release
# KEEP=1 leaves the local AWS up after the drill.
KEEP =
# What `make test` hands to pytest, such as ARGS='tests/suites -k two_nights'.
ARGS =
# The authorities of RDS to ship, as downloaded from AWS; those of a pinned npm package when empty.
CA_BUNDLE =
# `make simulate`: so many seeds for a figure, or one SEED for its tale, each of so many nights.
SEEDS = 1000
SEED =
NIGHTS = 7

RUN = PYTHONPATH=local .venv/bin/python -m

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile
	@echo "Variables: PROFILE=release|debug KEEP=1 ARGS=… PYTHON=python3.12"

setup: ready ## bring the tools into .venv and .local; a second run takes no time
	@PYTHONPATH=local $(PYTHON) -m onemachine.provision --report

drill: ready lambdas ## two nights on this machine: restore, check, stop, retire (KEEP=1 leaves it up)
	@cargo build --locked --quiet --package rds-double --package restore-drill
	@$(RUN) onemachine.night $(if $(KEEP),--keep)

stop: ready ## end the local AWS that `make drill KEEP=1` left up
	@$(RUN) onemachine.kept

test: ready lambdas ## all tests: Rust, then the real binaries on the local AWS
	@$(RUN) onemachine.testing $(ARGS)

simulate: ## nights in a simulated AWS: SEEDS=1000 for how many a second, SEED=7 for the tale of one
	@cargo run --locked --quiet --profile simulation --package simulation -- \
		$(if $(SEED),--seed $(SEED),--seeds $(SEEDS)) --nights $(NIGHTS)

model: ## the rotation of replicas in every order of events, then each naive rule and how it fails; minutes
	@cargo run --locked --quiet --profile model --package rotation-model

# The data sets are made once, in .local/bench or RESTORE_DRILL_BENCH. ROWS=2000000 is a quick look.
bench: ready lambdas ## the product against its peers, an hour; ARGS=heap-cold for one (docs/benchmarks.md)
	@cargo build --locked --quiet --package rds-double
	@PROFILE=$(PROFILE) PYTHONPATH=local:tests .venv/bin/python -m bench $(ARGS)

unbench: ## remove the data sets of the benchmarks
	@rm -rf "$${RESTORE_DRILL_BENCH:-.local/bench}"

# Not part of `make test`: half a minute for each guard.
mutants-guards: ready ## each guard of the decisions switched off, and who notices (ARGS=word for some)
	@PYTHONPATH=local:tests .venv/bin/python -m mutants $(ARGS)

mutants: ready ## each function of the decisions changed by cargo-mutants; hours (ARGS='--file …' for some)
	@$(RUN) onemachine.mutants $(ARGS)

iam: ready ## what each role may do: every policy against every action, resource and tag
	@$(RUN) onemachine.iam.matrix

# RESTORE_DRILL_TERRAFORM_PLUGINS names a folder with the AWS provider, where the registry isn't reached.
# ARGS=checks leaves out the suites that apply it, which `make test` has too.
infra: ready ## the Terraform module: form, plan, checkov, and applied to the local AWS (ARGS=checks: without)
	@$(RUN) onemachine.infra $(ARGS)

infra-tables: ready ## write the tables in infra/README.md anew from the module
	@$(RUN) onemachine.infra.tables

lint: ready ## formatting, clippy, docs, dependency policy, state machine, Python
	@$(RUN) onemachine.lint

fmt: ready ## put Rust and Python into their form
	@cargo fmt --all
	@.venv/bin/ruff check --quiet --fix --config local/ruff.toml local tests
	@.venv/bin/ruff format --quiet --config local/ruff.toml local tests

doc: ready ## the crates' documentation, in target/doc
	@cargo doc --locked --workspace --no-deps

museum: ## what a drill and others say of damaged databases, and of 100 sound ones (CHECK=1 writes nothing)
	@cargo run --locked --quiet --package restore-drill-databases -- $(if $(CHECK),--check)

schema: ready ## write the JSON schemas in docs anew from their types
	@$(RUN) onemachine.schema

lambdas: ready ## the zips that are deployed, in target/lambda
	@PROFILE=$(PROFILE) CA_BUNDLE=$(CA_BUNDLE) $(RUN) onemachine.lambdas

package: ready ## what is released, in target/package: ARGS=arm64 for one architecture, CA_BUNDLE=file (docs/release.md)
	@CA_BUNDLE=$(CA_BUNDLE) $(RUN) onemachine.package $(ARGS)

clean: ## remove all that was built or fetched: target, .venv, .local
	@rm -rf target .venv .local

ready:
	@command -v $(PYTHON) >/dev/null || { echo "MISSING $(PYTHON): install Python 3.10 or newer"; exit 1; }
	@PYTHONPATH=local $(PYTHON) -m onemachine.provision
