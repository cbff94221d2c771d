# What you can do here: "make help" lists it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# SQLite's own limits are set when it is compiled: the second lock behind
# sqlguard. All targets use the same flags, so that Go builds SQLite once.
export CGO_ENABLED := 1
export CGO_CFLAGS := -O2 -DSQLITE_MAX_ATTACHED=0 -DSQLITE_MAX_LENGTH=16777216 -DSQLITE_MAX_SQL_LENGTH=1048576
export GOFLAGS := -buildvcs=false

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT := $(shell git rev-parse --short HEAD 2>/dev/null || echo unknown)
BUILD_TIME := $(shell date -u +%Y-%m-%dT%H:%M:%SZ)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT) -X main.buildTime=$(BUILD_TIME)
WINDOW_TAGS := desktop,production,webkit2_41

BIN := build/bin
TOOLS := $(CURDIR)/$(BIN)/tools
GOLANGCI := $(TOOLS)/golangci-lint
NPM := npm --prefix frontend

.PHONY: help run run-gateway test sim system plant build build-headless dev bench lint fmt gen web check clean
.PHONY: package-deb package-windows package-mac
.PHONY: setup setup-test setup-headless setup-system test-go test-web test-browser test-window

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | sort | expand -t 18

run: setup build ## build all and start the app: a window, or without a display a page on loopback
	@if command -v ldd >/dev/null && ldd $(BIN)/debros | grep 'not found'; then \
		echo 'These libraries are missing. On Debian and Ubuntu: apt-get install libwebkit2gtk-4.1-0 libgtk-3-0' >&2; exit 1; \
	fi
	./$(BIN)/debros $(ARGS)

run-gateway: build-headless ## a gateway in front of other nodes: make run-gateway ARGS="--bootstrap-peers …"
	./$(BIN)/debros-headless gateway start $(ARGS)

test: setup-test test-go test-web test-browser test-window ## all tests: Go with -race, page, browser, window

build: setup gen web ## build/bin/debros: the window and every command
	go build -trimpath -tags $(WINDOW_TAGS) -ldflags '$(LDFLAGS)' -o $(BIN)/debros ./app

build-headless: setup-headless web ## build/bin/debros-headless: every command, no window, static
	go build -trimpath -tags netgo,osusergo,sqlite_omit_load_extension -ldflags '$(LDFLAGS) -linkmode external -extldflags "-static"' -o $(BIN)/debros-headless ./app

package-deb: build ## build/bin/debros_VERSION_ARCH.deb
	./build/package/deb.sh

package-windows: gen web ## build/bin/debros-VERSION-setup.exe, cross-built with MinGW and NSIS
	./build/package/windows.sh

package-mac: gen web ## build/bin/debros.app, on a Mac
	./build/package/mac.sh

dev: build-headless ## a node, and the page with hot reload in your browser
	./build/dev.sh

setup:
	@./build/setup.sh run
setup-test:
	@./build/setup.sh test
setup-headless:
	@./build/setup.sh headless
setup-system:
	@./build/setup.sh system

gen: frontend/node_modules/.package-lock.json ## write the page's bindings and the RPC's messages anew
	@go run -tags bindings ./app >/dev/null
	@if command -v protoc >/dev/null; then \
		[ -x $(TOOLS)/protoc-gen-go ] || GOBIN=$(TOOLS) go install google.golang.org/protobuf/cmd/protoc-gen-go; \
		PATH="$(TOOLS):$$PATH" go generate ./backend/rpc; \
	fi

frontend/node_modules/.package-lock.json: frontend/package.json frontend/package-lock.json
	$(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error

WEB_SOURCES := $(shell find frontend/src frontend/signin frontend/public -type f 2>/dev/null) frontend/index.html frontend/vite.config.ts frontend/vite.signin.config.ts
web: frontend/dist/index.html ## build the page into frontend/dist
frontend/dist/index.html: frontend/node_modules/.package-lock.json $(WEB_SOURCES)
	$(NPM) run --silent build

test-go:
	go vet ./...
	go test -race -timeout 15m ./...

test-web: frontend/node_modules/.package-lock.json
	$(NPM) run --silent check
	$(NPM) run --silent lint
	$(NPM) run --silent test

test-browser: build-headless
	DEBROS_BIN=$(CURDIR)/$(BIN)/debros-headless $(NPM) run --silent e2e

test-window: build
	DEBROS_BIN=$(CURDIR)/$(BIN)/debros go test -tags window -count=1 -timeout 3m -run TestWindow ./app

SEEDS := 1000
sim: ## what can happen to five people who chat, drawn from SEEDS seeds, and once for long
	SIM_SEEDS=$(SEEDS) SIM_STEPS=150 go test -count=1 -timeout 60m -run TestSimulator ./backend/anchat/engine
	SIM_SEEDS=1 SIM_STEPS=20000 go test -count=1 -timeout 60m -run TestSimulator ./backend/anchat/engine

system: setup-system web ## kill, pause, partition and starve real nodes; as root; SHORT=1 for a few rounds
	SHORT=$(SHORT) ./build/system.sh

plant: setup-system web ## plant known bugs and see that "make system" finds each
	./build/plant.sh

bench: web ## speed and size, beside the bare engines, rqlited and etcd in the same run
	./build/bench/peers.sh $(BIN)/peers
	DEBROS_PEERS=$(CURDIR)/$(BIN)/peers go test -p 1 -run '^$$' -bench . -benchtime 2s -timeout 60m ./backend/... | grep -v -e '^\[' -e 'no test files'  # rqlite writes the lines that begin with [

lint: $(GOLANGCI) frontend/node_modules/.package-lock.json ## what the reviewers' machine checks
	$(GOLANGCI) run -c build/golangci.yml ./...
	$(GOLANGCI) run -c build/golangci.yml --build-tags bindings ./app
	$(NPM) run --silent lint

fmt: $(GOLANGCI) frontend/node_modules/.package-lock.json ## put all code into its one form
	$(GOLANGCI) fmt -c build/golangci.yml ./...
	$(NPM) run --silent format

$(GOLANGCI):
	GOBIN=$(TOOLS) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.10.0

check: gen fmt lint test ## everything; afterwards git must see no change
	@git diff --exit-code

clean: ## remove what was built
	rm -rf $(BIN) frontend/node_modules
	find frontend/dist -mindepth 1 ! -name .gitkeep -delete
