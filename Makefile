# make demo     a demo shop with the seven views on a private cluster
# make test     every test but test-packages (PG=15, 16, 17 or 18 for another PostgreSQL than the newest here, PG=all for each in turn)
# make quick    the tests that find most mistakes in a minute or so
# make bench    what a refresh costs, and what capture costs (ORDERS=1000000 for a larger shop; docs/benchmarks.md)
# make soak     everything at once for a while, with what it takes of the machine (MINUTES=30; docs/soak.md)
# make install  into the PostgreSQL that PG_CONFIG names
# make package  Debian packages and archives, in target/package/ (docs/installing.md)
# make test-packages  installs, upgrades and removes them in a bare Debian

PG_CONFIG ?= pg_config

.PHONY: help demo test quick bench soak install package test-packages
.DEFAULT_GOAL := help

help:
	@sed -n 's/^# //p' Makefile

demo:
	@scripts/demo.sh

test:
	@scripts/test.sh

quick:
	@scripts/test.sh quick

bench:
	@scripts/bench.sh

soak:
	@METABASE_VIEWS_SOAK_MINUTES=$(or $(MINUTES),30) scripts/test.sh live soak:: --nocapture

install:
	@scripts/install.sh "$(PG_CONFIG)"

package:
	@scripts/package.sh

test-packages:
	@scripts/test-packages.sh
