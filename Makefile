# Coupon Desk: from a fresh clone, `make demo` runs the program and `make test` proves it.
# Each target does all set-up itself; a second time that takes no time.

.PHONY: help demo test lint bench campaign ship-campaign lock schema screenshots words setup clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    set up what is needed and run the program on its training shop"
	@echo "make test    lint, types, layers and the whole test suite (ARGS= go to pytest)"
	@echo "make lint    style, types and layers only"
	@echo "make bench   measure what the program promises"
	@echo "make campaign  break the real program in 1000 ways and count the points (RUNS= SEED= WORKERS= KIND= TAKING_OVER=1 MUTANT=)"
	@echo "make ship-campaign  ship a trail to a real PostgreSQL while everything breaks, and count (ENTRIES= SEED=)"
	@echo "make schema  compare our part of Shopify's schema with the published one"
	@echo "make screenshots  picture every screen in both languages and themes (ARGS=\"NAME… --folder FOLDER\")"
	@echo "make lock    renew the lock files (ARGS=--upgrade for newer versions)"
	@echo "make words   bring the Japanese catalogue in step with the texts in the code"
	@echo "make clean   remove what was built, measured or cached"

demo:
	@sh packaging/bootstrap.sh demo
	@.venv/bin/coupon-desk demo $(ARGS)

test: setup
	@sh packaging/check.sh test $(ARGS)

lint: setup
	@sh packaging/check.sh lint

bench: setup
	@.venv/bin/python -m tests.benchmarks.run $(ARGS)

campaign: setup
	@.venv/bin/python -m tests.faults.campaign \
		$(if $(RUNS),--runs $(RUNS)) $(if $(SEED),--seed $(SEED)) \
		$(if $(WORKERS),--workers $(WORKERS)) $(if $(KIND),--kind $(KIND)) $(if $(TAKING_OVER),--taking-over) \
		$(if $(MUTANT),--mutant $(MUTANT))

ship-campaign: setup
	@.venv/bin/python -m tests.central.ship_campaign $(if $(ENTRIES),--entries $(ENTRIES)) $(if $(SEED),--seed $(SEED))

schema: setup
	@sh packaging/published_schema.sh

screenshots: setup
	@.venv/bin/python -m tests.screens.take $(ARGS)

words: setup
	@.venv/bin/python packaging/words.py

lock: setup
	@sh packaging/lock.sh $(ARGS)

setup:
	@sh packaging/bootstrap.sh test

clean:
	rm -rf build dist demo-output .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find coupon_desk tests -name __pycache__ -type d -prune -exec rm -rf {} +
