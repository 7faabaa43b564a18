# Everything a person types here. `make run` and `make test` set up what is missing by themselves.

PORT ?= 8080
PROMPT ?= Why do functions sleep?
# An image is named for its repository: make image IMAGE=ord.ocir.io/<namespace>/model-service:0.1.0
IMAGE ?= model-service:$(shell sed -n 's/^version: //p' func.yaml)
# x86 or arm, as the shape of the application says (GENERIC_X86, GENERIC_ARM).
ARCHITECTURE ?= x86
PLATFORM = linux/$(if $(filter arm,$(ARCHITECTURE)),arm64,amd64)

VENV := .venv
BIN := $(VENV)/bin
# The first Python on the path that is new enough; PYTHON=… names another.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
# More than there are cores: many tests wait for a process or a socket.
WORKERS ?= 3
# Client libraries want versions of their own of what we use, and of OpenAI's client, so they get places of their own.
CLIENTS := .venv-clients
# What builds the site, likewise.
SITE := .venv-docs
NPM := tests/clients/npm tests/clients/npm-oci
PEER_VENV := .venv-peers
MOTO_VENV := .venv-moto
# What the local stack runs, and the project that the Responses API wants.
STACK = --function . --config 'MODEL_SERVICE_PROJECT_ID={project_id}' $(if $(LIVE),--live)
# make serve KEYS=1: the gateway asks the function about the key that is shown, and the log says who used what.
LOCAL_KEYS := build/local-keys.json
WITH_KEYS = --authentication keys --config MODEL_SERVICE_KEYS=$(CURDIR)/$(LOCAL_KEYS) --config MODEL_SERVICE_USAGE=1 \
	--config 'MODEL_SERVICE_IDENTITY_HEADERS={"id":"x-model-service-caller","team":"x-model-service-team","key":"x-model-service-key","models":"x-model-service-models"}'
# Where the releases are: the notes of a release have the button that deploys it, where that is GitHub.
REPOSITORY ?= $(shell git remote get-url origin 2>/dev/null)
# How many prompts, and what is done with them: TASKS names a stream `prompts` and a bucket `results`.
BATCH ?= 1000
TASKS ?= docs/tasks/prompts.yaml
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# What pip is told of a list of pins: with hashes, where the locked wheels fit (Linux, Python 3.11).
WORDS := PYTHONPATH=src $(BIN)/python -m function_package words
# Digests of the base images (docs/deploy.md), once they are looked up: BUILD_DIGEST and RUN_DIGEST.
-include base-images.mk
DIGEST := docker buildx imagetools inspect --format '{{.Manifest.Digest}}' fnproject/python:3.11

# Some images set this: each of the hundred processes of a test run would then compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run run-batch serve smoke test test-wide test-doors test-clients check lint bench bench-emulators attack figures docs reference lock digests image image-test zip stack wheels wheels-test clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: $(VENV)/.runtime ## send one prompt through the whole stack, on a local OCI: LIVE=1 for words as they come
	@$(BIN)/python -m mock_oci $(STACK) --prompt "$(PROMPT)"

run-batch: $(VENV)/.runtime ## process a thousand prompts from a local stream into a local bucket: BATCH=1000 OUT=DIR
	@$(BIN)/python -m model_service tasks "$(TASKS)"
	@$(BIN)/python -m mock_oci $(STACK) --batch $(BATCH) --stream prompts --bucket results \
		$(if $(OUT),--out "$(OUT)") --config "MODEL_SERVICE_TASKS=$(TASKS)" --config 'MODEL_SERVICE_OCI_ENDPOINT={endpoint}'

serve: $(VENV)/.runtime ## keep the same stack running for any client: make serve PORT=8080, with a key: KEYS=1, live: LIVE=1
	@$(if $(KEYS),mkdir -p build && printf 'api_key: ' >&2 && $(BIN)/python -m model_service keys --at $(LOCAL_KEYS) create --owner you --team local >&2)
	@exec $(BIN)/python -m mock_oci $(STACK) --port $(PORT) $(if $(KEYS),$(WITH_KEYS))

smoke: $(VENV)/.runtime ## try a deployment as its clients do, after an apply: make smoke URL=https://…/v1 KEY=…
	@test -n "$(URL)" || { echo 'make smoke URL=https://<gateway>/v1 KEY=<key or token of a client>' >&2; exit 2; }
	@printf '%s\n' "$(KEY)" | $(BIN)/python -m model_service smoke "$(URL)" --key - $(if $(MODEL),--model "$(MODEL)")

test: $(VENV)/.tests ## the tests, with style and types
	@$(call beside_lint,$(BIN)/python -m pytest -q -n $(WORKERS) --dist=worksteal -m "not wide")

test-wide: $(VENV)/.tests ## run the wider forms of the tests, which CI runs after `make test`
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist=worksteal -m wide

check: $(VENV)/.tests ## run before a commit: style, types and the fast tests
	@$(call beside_lint,$(BIN)/python -m pytest -q -n 2 --dist=worksteal -m "not slow and not wide")

test-doors: $(VENV)/.tests ## run the tests that go through a door of mock_oci, through each of the two
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist=worksteal --door=process
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist=worksteal --door=server tests/mock_oci

test-clients: $(VENV)/.runtime $(addsuffix /.clients,$(CLIENTS)/2 $(CLIENTS)/3 $(CLIENTS)/oci $(CLIENTS)/schemathesis $(addsuffix /node_modules,$(NPM))) ## test real clients and write docs/clients.md
	@mkdir -p dist && rm -f dist/clients-*.jsonl
	@said=$$(mktemp); { $(call clients,2) && $(call clients,oci); } >"$$said" 2>&1 & two=$$!; \
	$(call clients,3) $(ASYNC); status=$$?; \
	wait $$two || status=1; cat "$$said"; rm "$$said"; exit $$status
	@$(BIN)/python tests/clients/table.py docs/clients.md dist/clients-3.jsonl dist/clients-2.jsonl dist/clients-oci.jsonl

clients = $(CLIENTS)/$(1)/bin/python -m pytest -q tests/clients --python=$(abspath $(BIN)/python) \
	--outcomes=dist/clients-$(1).jsonl
# One loop for all tests: clients keep their connections for the next one.
ASYNC := $(foreach what,mode=auto default_test_loop_scope=session default_fixture_loop_scope=session,-o asyncio_$(what))

lock: $(VENV)/.runtime ## write the hashes of all pins, after a change of a requirements.txt
	@for pins in requirements.txt tests/requirements.txt docs/requirements.txt; do \
		PYTHONPATH=src $(BIN)/python -m function_package lock $$pins || exit 1; done

lint: $(VENV)/.tests
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy --no-error-summary

# Run a command while `make lint` runs too; what lint has to say comes after what the command says.
define beside_lint
said=$$(mktemp); $(MAKE) --no-print-directory lint >"$$said" 2>&1 & lint=$$!; \
	$(1); status=$$?; \
	wait $$lint || status=1; cat "$$said"; rm "$$said"; exit $$status
endef

attack: $(VENV)/.tests ## test with hostile input and failures, with figures: ATTACK="--long doors"
	@PYTHONPATH=src $(BIN)/python -m tests.attack $(ATTACK)

bench: $(VENV)/.tests $(if $(PEERS),$(PEER_VENV)/.peers) ## measure calls, cold starts, chunks and records: PEERS=1 BEFORE=../before FORCE=1
	@$(BIN)/python -m tests.bench $(if $(PEERS),--peers $(abspath $(PEER_VENV)/bin/python)) \
		$(if $(BEFORE),--before "$(BEFORE)") $(if $(FORCE),--force) $(BENCH)

bench-emulators: $(VENV)/.tests $(MOTO_VENV)/.moto ## measure what mock_oci costs whoever tests with it, beside moto
	@$(BIN)/python -m tests.bench.emulators --moto $(abspath $(MOTO_VENV)/bin/python)

figures: $(VENV)/.tests ## count functions, jumps and helpers in the sources: make figures CHECKOUTS="../before ."
	@$(BIN)/python -m tests.figures $(CHECKOUTS)

reference: $(VENV)/.tests ## write docs/reference/ from the code
	@PYTHONPATH=src $(BIN)/python -m tests.docs.reference

docs: $(SITE)/.mkdocs ## build the documentation site: build/site/index.html
	@said=$$(NO_MKDOCS_2_WARNING=1 PYTHONDONTWRITEBYTECODE=1 $(SITE)/bin/mkdocs build --strict --clean 2>&1) || { echo "$$said"; exit 1; }
	@$(SITE)/bin/python tests/docs/built_site.py build/site
	@echo "build/site/index.html"

digests: ## pin the base images to their current digests, with Docker: writes base-images.mk
	@build=$$($(DIGEST)-dev) && run=$$($(DIGEST)) && \
		printf 'BUILD_DIGEST = @%s\nRUN_DIGEST = @%s\n' "$$build" "$$run" >base-images.mk

image: $(VENV)/.runtime ## build the image, with Docker: make image IMAGE=<registry>/model-service:1.0 ARCHITECTURE=arm
	@docker build --platform $(PLATFORM) --tag $(IMAGE) \
		--build-arg BUILD_DIGEST=$(BUILD_DIGEST) --build-arg RUN_DIGEST=$(RUN_DIGEST) .
	@PYTHONPATH=src $(BIN)/python -m function_package sbom --architecture $(ARCHITECTURE) dist/image-$(ARCHITECTURE).cdx.json

image-test: $(VENV)/.tests ## build the images, run the function's confined as OCI does: needs Docker, or root with dockerd and debootstrap
	@$(BIN)/python -m tests.image $(if $(SHAPES),--shapes)

zip: $(VENV)/.runtime ## build the archive of a code-only function, without Docker: make zip ARCHITECTURE=arm
	@PYTHONPATH=src $(BIN)/python -m function_package zip --architecture $(ARCHITECTURE) dist/model-service-$(ARCHITECTURE).zip

stack: $(VENV)/.runtime ## build the ZIP for a stack in Resource Manager: dist/model-service-stack.zip
	@PYTHONPATH=src $(BIN)/python -m function_package stack dist/model-service-stack.zip

wheels: $(VENV)/.runtime ## build the wheels of both packages: dist/*.whl
	@$(call wheels,dist)

# setuptools puts what an earlier build left into the next wheel.
wheels = rm -rf build/lib build/bdist.* src/build && $(PIP) wheel --no-deps --wheel-dir $(1) . ./src; \
	status=$$?; rm -rf build/lib build/bdist.* src/build; (exit $$status)

wheels-test: wheels ## install both packages in new environments, bare and with each extra, and run them: needs PyPI
	@$(BIN)/python -m tests.wheels dist

version: $(VENV)/.runtime ## set the version, also of the unreleased changes in the changelog: make version VERSION=0.2.0
	@PYTHONPATH=src $(BIN)/python -m function_package version $(VERSION)

# dist/<version>/: both packages for a laptop, a ZIP for each processor with its bill of materials, the stack, notes, digests of all.
release: $(VENV)/.runtime ## build the wheels, ZIPs, bills of materials and notes of this version: dist/<version>/, REPOSITORY=https://github.com/<owner>/<name>
	@set -e; package="env PYTHONPATH=src $(BIN)/python -m function_package"; \
	version=$$($$package version); folder=dist/$$version; rm -rf $$folder; mkdir -p $$folder; \
	$$package notes --repository "$(REPOSITORY)" >$$folder/NOTES.md || { rm -rf $$folder; exit 1; }; \
	$(call wheels,$$folder); \
	for architecture in x86 arm; do \
	$$package zip --architecture $$architecture $$folder/model-service-$$version-$$architecture.zip; done; \
	$$package stack $$folder/model-service-stack.zip; \
	$$package checksums $$folder >dist/SHA256SUMS; mv dist/SHA256SUMS $$folder; ls $$folder

clean: ## remove everything that make has created
	rm -rf $(VENV) $(CLIENTS) $(SITE) $(addsuffix /node_modules,$(NPM)) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist src/build src/*.egg-info

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed; none is on the path." >&2; exit 1; }
	@echo "Setting up $(VENV) with $(PYTHON): once, a minute or two." >&2
	@$(PYTHON) -m venv $(VENV)

# --no-deps: both lists are complete, and fdk asks for pytest-asyncio and Cython, which no function needs.
$(VENV)/.runtime: requirements.txt requirements.lock pyproject.toml src/pyproject.toml | $(BIN)/python
	@$(PIP) install --no-deps $$($(WORDS) requirements.txt)
	@$(PIP) install --no-deps -e . -e ./src
	@touch $@

$(VENV)/.tests: tests/requirements.txt tests/requirements.lock $(VENV)/.runtime
	@$(PIP) install --no-deps $$($(WORDS) tests/requirements.txt)
	@touch $@

define place_of_its_own
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed; none is on the path." >&2; exit 1; }
	@$(PYTHON) -m venv $(CLIENTS)/$*
	@$(CLIENTS)/$*/bin/python -m pip --disable-pip-version-check --quiet install --no-deps -r $<
	@touch $@
endef

$(CLIENTS)/%/.clients: tests/clients/openai-%.txt
	$(place_of_its_own)

# What asks whatever the OpenAPI document allows, and what it does not.
$(CLIENTS)/%/.clients: tests/clients/%.txt
	$(place_of_its_own)

$(SITE)/.mkdocs: docs/requirements.txt docs/requirements.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed; none is on the path." >&2; exit 1; }
	@$(PYTHON) -m venv $(SITE)
	@$(SITE)/bin/python -m pip --disable-pip-version-check --quiet install --no-deps \
		$$(PYTHONPATH=src $(SITE)/bin/python -m function_package words docs/requirements.txt)
	@touch $@

# With all that they ask for: nobody deploys these.
$(PEER_VENV)/.peers: tests/bench/peers/requirements.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed; none is on the path." >&2; exit 1; }
	@$(PYTHON) -m venv $(PEER_VENV)
	@$(PEER_VENV)/bin/python -m pip --disable-pip-version-check --quiet install -r $<
	@touch $@

$(MOTO_VENV)/.moto: tests/bench/peers/moto.txt
	@$(PYTHON) -m venv $(MOTO_VENV)
	@$(MOTO_VENV)/bin/python -m pip --disable-pip-version-check --quiet install -r $<
	@touch $@

# Where there is no Node, its clients are not asked.
tests/clients/%/node_modules/.clients: tests/clients/%/package-lock.json
	@if command -v npm >/dev/null; then \
		cd tests/clients/$* && npm ci --silent --no-audit --no-fund --ignore-scripts \
		&& touch node_modules/.clients; \
	else echo "There is no npm: its clients are not asked." >&2; fi
