# Everything a person or CI runs. `make demo` and `make test` set up what they need themselves.

.DEFAULT_GOAL := help
.PHONY: help setup setup-test setup-bench demo second-opinion test format lint docs units vectors checker tables dissector embedded selftest model fuzz-short fuzz fuzz-flat long-tests bench-codec bench-seal timing miri miri-short bench-store store-kills store-cluster relay-cluster deb container relay-faults relay-hostile bench-relay relay-network relay-namespaces soak

FUZZ_SECONDS ?= 5

help:             ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:
	@.ci/setup

setup-test:
	@.ci/setup test

demo: setup       ## Play the convoy: separate processes, every hop shown, the transcript verified
	cargo build --quiet --locked -p chappe-app
	target/debug/chappe demo --out target/demo
	target/debug/chappe verify --transcript target/demo/transcript.jsonl --keys target/demo/public-keys.json

second-opinion:   ## The demo's transcript, checked by a program written from the spec alone
	python3 test-vectors/check/transcript.py target/demo/transcript.jsonl target/demo/public-keys.json

test: setup-test format lint docs units vectors checker tables dissector embedded selftest miri-short fuzz-short demo second-opinion  ## Everything CI checks, on a clean clone

format:
	cargo fmt --all --check
	cd fuzz && cargo fmt --check
	cd codec/firmware && cargo fmt --check

lint:
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo clippy --locked -p chappe-store --features jetstream --all-targets -- -D warnings
	cargo clippy --locked -p chappe-relay -p chappe-app --features chappe-relay/cluster,chappe-app/cluster,chappe-app/otlp --all-targets -- -D warnings
	cd codec/firmware && cargo clippy --locked --target thumbv7em-none-eabihf -- -D warnings

docs:
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet
	cargo test --locked --workspace --doc --quiet

units:            ## Unit tests, laws and vectors
	cargo nextest run --locked --workspace --no-fail-fast
	@.ci/peers nats || echo "units: without nats-server; the tests on a cluster are skipped"
	cargo nextest run --locked -p chappe-store --features jetstream --lib --test jetstream --test jetstream_login --test-threads 5
	cargo nextest run --locked -p chappe-relay -p chappe-app --features chappe-relay/cluster,chappe-app/cluster,chappe-app/otlp --test cluster --test relay_otlp

long-tests:       ## Two hundred and more fields of devices in trouble, for minutes: sessions lose nothing
	cargo nextest run --locked --release -p chappe-codec --test session --run-ignored only -E 'test(a_long_run_of_many_fields)' --no-capture

bench-codec: setup-bench  ## Sizes and speed of signals: tables, and target/bench/codec.json
	@.ci/bench-codec

bench-seal: setup-bench  ## Octets and speed of sealing: tables, and target/bench/seal.json
	@.ci/bench-seal

setup-bench:
	@.ci/setup bench

bench-relay:      ## The relay beside nats-server and mosquitto: target/bench/relay.json, docs/relay-figures.md; BENCH=reports: that part
	@.ci/bench-relay $(BENCH)

bench-store:      ## The store on a folder beside a plain loop, and a start with 10 million records; target/bench/, dated
	@.ci/store bench

store-kills:      ## Kill a process at work on a store 300 times (KILLS, SEED); target/store/, dated
	@.ci/store kills $(KILLS) $(SEED)

store-cluster:    ## Kill servers under stores on a cluster, cut relays off, then figures; target/store/, dated
	@.ci/peers nats
	@.ci/store cluster $(KILLS)

relay-cluster:    ## Kill relays and servers of a cluster in turn, 40 (KILLS) of them, under load; target/relay/, dated
	@.ci/peers nats
	@.ci/relay-cluster $(KILLS)

deb:              ## A Debian package of the program, with the relay's unit; target/deb/
	cargo build --locked --release -p chappe-app
	packaging/deb "$${CARGO_TARGET_DIR:-target}/release/chappe" target/deb

container:        ## An image of the relay, from nothing but the program and its libraries; with podman or buildah
	cargo build --locked --release -p chappe-app
	packaging/container "$${CARGO_TARGET_DIR:-target}/release/chappe" target/container
	$$(command -v podman || command -v buildah) build --format docker -f packaging/Containerfile -t chappe-relay target/container

relay-faults:     ## The node's laws on scripted disks (RUNS), kills under load (RELAY_KILLS), hostile clients; target/relay/, dated
	@.ci/relay-faults $(RUNS)

relay-network:    ## A simulated network under relay and clients, RUNS of them from SEED on; target/relay/, dated
	@.ci/relay-network $(RUNS) $(SEED)

relay-namespaces: ## Real processes in network namespaces: capped, narrowed, broken and changed links; needs root
	@.ci/relay-namespaces

relay-hostile:    ## What hostile clients cost the others' p99, ROUNDS times (5), release build; target/relay/, dated
	@.ci/relay-hostile $(ROUNDS)

soak:             ## A relay at half its load for SECONDS (3600): memory, a plot, a verdict; target/soak/, dated
	@.ci/soak $(SECONDS)

model:            ## Sessions with the attacker everywhere, every state: minutes; target/model/<date>.txt
	@.ci/model

vectors:          ## The vectors are what their independent generators make
	@for area in airtime anchor codec frame identity packed relay session store whiteflag; do \
		python3 test-vectors/$$area/generate.py --check && echo "vectors: $$area as generated" || exit 1; \
	done
	@if python3 -c "from cryptography.hazmat.primitives.kdf.argon2 import Argon2id" 2>/dev/null; then \
		python3 test-vectors/vault/generate.py --check && echo "vectors: vault as generated"; \
	else echo "vectors: vault not generated again: that needs cryptography 47 or newer"; fi
	python3 test-vectors/corpus/generate.py --check && python3 test-vectors/corpus/generate_second.py --check
	cd test-vectors/corpus && sha256sum --check --quiet SHA256SUMS
	python3 test-vectors/primitives/check.py
	python3 test-vectors/primitives/check.py --damage

tables:           ## What is made from spec/tables is as made; schemas fit the vectors; the example family
	python3 spec/tables/priors.py --check
	python3 spec/tables/generate.py --check
	python3 spec/tables/generate.py --example
	python3 spec/tables/test_schemas.py
	python3 spec/names/words.py

dissector:        ## The Wireshark dissector shows every vector right
	python3 spec/wireshark/test.py

checker:          ## The vectors, read by a program written from the spec alone
	python3 test-vectors/check/vectors.py --damage 500

miri:             ## The codec's tests in Miri, the long version; target/miri/, dated
	@.ci/miri long

miri-short:       ## A part of them, about a minute; skipped where Miri cannot be had
	@.ci/miri short

timing:           ## Whether times tell secrets: a t-test after dudect; target/timing/, dated
	cargo bench --quiet --locked -p chappe-codec --bench timing

embedded:         ## The codec for a microcontroller
	cargo build --locked --quiet -p chappe-codec --target thumbv7em-none-eabihf

selftest:         ## The codec as firmware in QEMU: the same octets as here; flash, RAM and stack
	@.ci/setup selftest
	@.ci/selftest

fuzz-short:
	@.ci/fuzz $(FUZZ_SECONDS)

fuzz:             ## Every fuzz target, ten minutes each
	@.ci/fuzz 600

fuzz-flat:        ## Fuzz targets (TARGETS="...", or all) until no new coverage for ten minutes; a report
	@.ci/fuzz-flat $(FLAT) $(TARGETS)
