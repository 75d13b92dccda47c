.PHONY: build test bench demo ci

build:
	go build -o bin/ ./starter ./worker

test:
	go test ./...

bench:
	go test -run '^$$' -bench . -benchtime 1x ./internal/plan ./internal/ledger/sqlite ./starter/draft ./activities

demo:
	go run ./starter demo

ci:
	bash .ci/run
