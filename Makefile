# The commands of the house; what they do is in scripts/.
.DEFAULT_GOAL := help
.PHONY: help run test soak demo bench bench-http bench-store bench-room bench-check build check fmt clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' Makefile | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

run: ## install what is missing, build, run everything on this machine until Ctrl-C
	@exec ./scripts/run

test: ## install what is missing, then every test
	@exec ./scripts/test

soak: ## every test, the long ones at full length
	@TURNGATE_E2E_FULL=1 exec ./scripts/test

demo: ## play one conversation with real parts and print it step by step
	@exec ./scripts/run -- .venv/bin/python examples/demo/demo.py

bench: ## measure against what one would use instead; docs/performance.md explains it
	@exec ./scripts/bench

bench-http: ## the same: sessions, history and agent states over HTTP
	@exec ./scripts/bench http

bench-store: ## the same: long histories, exports, the start, everything at once
	@exec ./scripts/bench store

bench-room: ## the same: RPC, notifications, joining, memory and CPU of sessions
	@exec ./scripts/bench room

bench-check: ## count what the hot paths cost; ARGS=--update keeps what is counted
	@exec ./scripts/bench-check $(ARGS)

build: ## a release build: .build/release/turngate
	@./scripts/bootstrap
	@exec swift build -c release --product turngate

check: ## lint: Swift, shell, Python
	@exec ./scripts/check

fmt: ## format the Swift sources
	@exec swift format --in-place --recursive --parallel Package.swift Sources Tests

clean: ## stop the private PostgreSQL and remove everything that was built or fetched
	@./scripts/postgres wipe
	@rm -rf .build .venv .turngate
