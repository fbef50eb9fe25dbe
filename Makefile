# Everything that people and CI do with this repository. `make` alone lists it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)
# Arguments for `make demo`, for instance ARGS="--format json".
ARGS ?=

NODE_MODULES := web-ui/node_modules/.package-lock.json
DASHBOARD := web-ui/node_modules/.built
WEB_SOURCES := $(shell find web-ui/src web-ui/public -type f 2>/dev/null) \
	$(wildcard web-ui/*.json web-ui/*.ts web-ui/*.js web-ui/index.html)

.PHONY: help setup setup-build web-ui build demo scenarios chaos test test-web test-rust test-others test-kills test-lab check lint fuzz fuzz-minute bench bench-te bench-paths bench-intents bench-southbound bench-lab clean FORCE
.DEFAULT_GOAL := help

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: setup-build web-ui build ## Show the main job: 120 routers, a line that degrades, the dashboard on 127.0.0.1:8080
	$(TARGET)/release/trunkline demo $(ARGS)

# Which of them: all, or some, as in `make scenarios SCENARIOS=lab/scenarios/ceb-line-cut.yaml`.
SCENARIOS ?= $(wildcard lab/scenarios/*.yaml)

scenarios: setup-build web-ui build ## Play all scenarios of the cases, a page of each in target/scenarios (about 45 minutes)
	.ci/scenarios $(TARGET)/release/trunkline $(TARGET)/scenarios $(SCENARIOS)

# Any order, and other lines and times where a scenario has them: all follow from the seed, which is told. COUNT=5 plays the first five.
SEED ?= random
COUNT ?=

chaos: setup-build web-ui build ## Play scenarios in any order, on any lines; SEED=N has a run again, COUNT=5 is a short one
	.ci/scenarios --seed $(SEED) $(if $(COUNT),--count $(COUNT)) $(TARGET)/release/trunkline $(TARGET)/chaos $(SCENARIOS)

test: setup web-ui test-web test-rust ## Run all tests

check: lint test fuzz-minute ## All that CI does

lint: setup-build web-ui ## Format, lints, documentation, dependency policy
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	$(CARGO) clippy --workspace $(SUITE_TARGETS) --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked
	@if command -v cargo-deny >/dev/null; then $(CARGO) deny check bans licenses; \
	else echo "cargo-deny is not installed: licences are not checked here (bans are, by the architecture test)"; fi

setup: ## Install what is missing for building and testing (SETUP=no: only say what is missing)
	@.ci/setup test

setup-build:
	@.ci/setup build

web-ui: $(DASHBOARD) ## Build the dashboard

$(NODE_MODULES): web-ui/package.json web-ui/package-lock.json | setup-build
	cd web-ui && npm ci --no-audit --no-fund --loglevel=error
	touch $@

# The program embeds web-ui/dist, so it is left alone while nothing has changed.
$(DASHBOARD): $(NODE_MODULES) $(WEB_SOURCES) $(if $(wildcard web-ui/dist/assets),,FORCE)
	cd web-ui && npm run --silent build
	touch $@

FORCE:

build: setup-build web-ui ## Build the programs for use
	$(CARGO) build --release --locked -p daemon -p agent --bins

test-web: setup web-ui
	cd web-ui && npm test
	if command -v "$${CHROMIUM:-chromium}" >/dev/null; then cd web-ui && npm run test:browser; \
	elif [ "$${CI:-}" = true ]; then echo "no browser: the dashboard's tests cannot run" >&2; exit 1; \
	else echo "skipped: no browser, so the dashboard was not tested in one"; fi

# `make setup` installs the independent peers of the tests, so one that is missing fails its tests. With SETUP=no, or PEERS= , they
# say why they are skipped.
PEERS ?= $(or $(TRUNKLINE_PEERS),$(if $(filter no,$(SETUP)),,required))

# More than there are processors: the long tests wait for routers that hang.
TEST_THREADS ?= 8

# Suites that drive the built programs, and wait for these more than they work: two of them side by side with all other tests.
# `cargo test` leaves them out unless it is told to run them by name (tests/Cargo.toml).
SUITES := demo faults lab
SUITE_TARGETS := $(addprefix --test ,$(SUITES) real)
TEST := TRUNKLINE_PEERS=$(PEERS) RUST_TEST_THREADS=$(TEST_THREADS) $(CARGO) test --workspace --locked --no-fail-fast

# Labs with real packets are tested last and alone, for they judge milliseconds; LABS=no leaves them out.
LABS ?= yes

# Programs are built together with the tests, so that nothing is built twice.
test-rust: setup web-ui
	$(CARGO) build --workspace --bins --tests --locked
	$(CARGO) build --workspace --bins $(SUITE_TARGETS) --locked
	@echo "suites and all other tests run side by side; each says what became of it at its end"
	$(MAKE) --jobs=3 --keep-going --output-sync=target --no-print-directory test-others $(addprefix test-suite-,$(SUITES))
	$(if $(filter no,$(LABS)),@echo "left out: labs with real packets (LABS=no); make test-lab runs them",$(LABS_TEST))

test-others:
	$(TEST)

test-suite-%:
	$(TEST) --test $*

# One by one. Without namespaces they say why they are skipped.
LABS_TEST := TRUNKLINE_PEERS=$(PEERS) $(CARGO) test --workspace --locked --no-fail-fast --test real -- --test-threads=1 --nocapture

# How often the controller is killed at each moment; `make test` does it once.
KILLS ?= 20

test-kills: setup-build web-ui ## Kill the controller KILLS=20 times at each step of a change, over NETCONF and gNMI; a table at the end
	$(CARGO) build --workspace --bins --tests --locked
	KILLS=$(KILLS) $(CARGO) test --workspace --locked --test faults -- --exact --nocapture \
		killed::killed_at_any_step_of_the_machine_it_finishes_what_was_accepted

# Packages that are picked out would have their dependencies built anew, with features of their own.
test-lab: setup ## Labs of network namespaces alone, part of `make test` too; as root, elsewhere they say why they are skipped
	$(CARGO) build --workspace --locked --bins $(addprefix --test ,lab hosts real namespaces)
	TRUNKLINE_PEERS=$(PEERS) $(CARGO) test --workspace --locked --test lab --test hosts -- --nocapture
	$(LABS_TEST)
	TRUNKLINE_PEERS=$(PEERS) $(CARGO) test --workspace --locked --test namespaces -- --nocapture

SECONDS_EACH ?= 60
# Which targets: all, or some by name. An hour of the readers of intents, on two processors:
# make fuzz READERS="intents_parse_and_validate the_guide" SECONDS_EACH=3600
READERS ?=

fuzz: setup-build web-ui ## Fuzz every reader of files and wires (SECONDS_EACH=60 for each of twenty-four targets, READERS= for some)
	FUZZ_SECONDS=$(SECONDS_EACH) $(CARGO) test --workspace --locked --test fuzz -- $(READERS)

# Side by side, so that it takes a minute.
fuzz-minute: setup-build web-ui ## Fuzz the two readers of intents for a minute, as CI does
	FUZZ_SECONDS=60 RUST_TEST_THREADS=2 $(CARGO) test --workspace --locked --test fuzz -- intents_parse_and_validate the_guide

# `te` and `table` have targets of their own, and `figures` of traffic takes the ten thousand routers of another bank.
STAGES := intents paths walk prove turn

# The whole is measured by driving the programs that `build` made; RUNS=2 makes it shorter.
bench: setup-build web-ui build ## Measure the single stages, then the whole product (about eight minutes)
	$(CARGO) bench --workspace --exclude acceptance --locked $(addprefix --bench ,$(STAGES))
	$(CARGO) bench -p acceptance --locked --bench whole $(if $(RUNS),-- --runs $(RUNS))

bench-te: setup-build build ## Judge the optimiser and the program on the published traffic-engineering instances (about seven minutes; EVERY=1 has failures on all of them)
	$(CARGO) bench -p optimise --locked --bench te -- full $(if $(EVERY),every=$(EVERY))

bench-paths: setup-build ## Path searches side by side with petgraph, rustworkx and igraph (about two minutes)
	$(CARGO) bench -p paths --locked --bench table

bench-intents: setup-build web-ui build ## check, verify and plan as programs, at the sizes of the two banks (the last one takes minutes)
	$(CARGO) bench -p acceptance --locked --bench intents $(if $(RUNS),-- --runs $(RUNS))

# ncclient comes with `make setup`; without it its rows stay empty.
bench-southbound: setup-build web-ui build ## NETCONF beside ncclient, gNMI beside bare tonic, BGP-LS (a few minutes; RUNS=2 makes it shorter)
	$(CARGO) bench -p acceptance --locked --bench southbound $(if $(RUNS),-- --runs $(RUNS))

# Which parts: nothing is all, `short` is all but the long ones, or words as in PARTS="policy probe"; a wrong one tells which there are.
PARTS ?=

bench-lab: setup-build web-ui build ## Labs of network namespaces: how soon, how large, how true; as root (about ten minutes; PARTS=short is shorter)
	$(CARGO) bench -p acceptance --locked --bench lab -- $(PARTS)

clean: ## Remove everything that was built
	$(CARGO) clean
	rm -rf web-ui/node_modules web-ui/dist tests/.venv tests/shots
