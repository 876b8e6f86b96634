# Every target sets up what it needs: a fresh machine has only Python, git and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: windows eval bench bench-quick setup run test check check-all format lock proto reference clean train image-check deploy-tools deploy-check alert-check collector-check demo-observability pictures
.DEFAULT_GOAL := run

setup: $(VENV)/.ready

$(VENV)/.ready: requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "otelagent needs Python 3.11 or newer; name one with: make PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: setup ## The demo on recorded agent runs, then the sidecar itself
	$(BIN)/otelagent demo
	$(BIN)/otelagent run

test: setup
	$(BIN)/python -m pytest -n 2 -m "not slow"

check: setup ## Format, lint, types, import rules, dead code, generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture
	$(BIN)/python proto/generate.py --check
	$(BIN)/python -m otelagent.reference --check

check-all: export STRICT = 1
check-all: check image-check deploy-tools deploy-check build/otelcol clients ## Also the long runs
	$(BIN)/python -m pytest -n 2

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

proto: setup ## Generates otelagent/*_pb2.py from proto/
	$(BIN)/python proto/generate.py

reference: setup ## Writes pages, rules and dashboards that follow from the code
	$(BIN)/python -m otelagent.reference

lock: ## Resolves the dependencies anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --group dev pyproject.toml -o requirements-dev.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -c requirements-dev.lock -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --group build -c requirements-dev.lock -o requirements-build.lock

deploy-tools: ## What deploy-check runs, from Debian's packages and Go modules, into build/tools
	tests/deploy/tools.sh

deploy-check: setup ## Rules, chart and manifests with the tools of the trade; says which are missing
	tests/deploy/check.sh

alert-check: setup ## One recording through a real Prometheus and Alertmanager to its alert
	$(BIN)/python -m pytest tests/deploy/test_alerting.py -k one_alert

collector-check: setup build/otelcol ## The configurations of deploy/collector with a real Collector
	$(BIN)/python -m pytest tests/deploy/test_collector.py

build/otelcol: tests/deploy/collector/ocb.yaml ## Needs Go
	mkdir -p build
	GOBIN=$(CURDIR)/build CGO_ENABLED=0 go install go.opentelemetry.io/collector/cmd/builder@v0.161.0
	cd build && CGO_ENABLED=0 GOFLAGS=-mod=mod ./builder --config ../tests/deploy/collector/ocb.yaml --skip-strict-versioning
	mv build/build/otelcol build/otelcol

.PHONY: clients fuzz
clients: build/clients/goclient build/clients/agentload build/clients/js/node_modules ## What tests/clients and tests/test_soak.py run; needs Go and npm

build/clients/goclient: tests/clients/go/main.go tests/clients/go/go.mod
	cd tests/clients/go && CGO_ENABLED=0 go build -o $(CURDIR)/$@ .

build/clients/agentload: $(wildcard benchmarks/agentload/*/*/*.go)
	cd benchmarks/agentload && CGO_ENABLED=0 go build -o $(CURDIR)/build/clients/ ./cmd/...

build/clients/js/node_modules: tests/clients/js/client.mjs tests/clients/js/package.json
	mkdir -p build/clients/js
	cp $^ build/clients/js/
	cd build/clients/js && npm install --no-audit --no-fund --silent
	@touch $@

FUZZ ?= traces logs spans json file redaction body answers configuration spool
SECONDS ?= 60

fuzz: setup ## Every decoder for SECONDS each; installs atheris beside the environment. FUZZ names targets
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --target $(VENV)/fuzz atheris
	for target in $(FUZZ); do \
		echo "== $$target"; \
		PYTHONPATH=$(VENV)/fuzz:. $(BIN)/python tests/fuzz/fuzz.py $$target build/fuzz/$$target \
			-max_total_time=$(SECONDS) -print_final_stats=0 -artifact_prefix=build/fuzz/ || exit 1; \
	done

demo-observability: setup ## Recordings through a real Prometheus and Alertmanager: panels and alerts
	$(BIN)/python -m tests.deploy.demo

pictures: setup ## The dashboards with data of a real Prometheus, drawn with Grafana's components (needs Node.js, Chromium)
	$(BIN)/python -m tests.deploy.pictures

image-check: setup ## The steps of the Dockerfile without a container engine
	$(BIN)/python tests/deploy/image.py

train: setup ## Trains the injection classifier anew, with packages that neither run nor test need
	$(BIN)/python -m pip install --quiet --disable-pip-version-check numpy scikit-learn scipy
	$(BIN)/python -m training.injection

eval: setup ## Precision, recall and false findings of every mode; writes the tables of docs/accuracy.md
	$(BIN)/python -m training.evaluation

windows: ## Refreshes the table of context windows from genai-prices, in an environment of its own
	$(PYTHON) -m venv $(VENV)/windows
	$(VENV)/windows/bin/python -m pip install --quiet --disable-pip-version-check genai-prices
	$(VENV)/windows/bin/python training/windows.py

REPETITIONS ?= 3
bench: setup ## Side by side with the Collector; writes docs/benchmarks.md (needs Go; 15 minutes for each of REPETITIONS)
	$(BIN)/python benchmarks/bench.py --reps $(REPETITIONS)

bench-quick: setup ## One case, under three minutes once the peers are built
	$(BIN)/python benchmarks/bench.py --quick

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
