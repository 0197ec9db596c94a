# What a person runs is what CI runs. Everything happens in the virtual environment .venv, which the first target that
# needs it makes, and makes again when pyproject.toml changes.

VENV := .venv
PYTHON := $(VENV)/bin/python
PIP := $(PYTHON) -m pip --quiet --disable-pip-version-check
PROGRAM := $(VENV)/.stamp-program
TOOLS := $(VENV)/.stamp-tools
JOBS := auto
ANNOTATED := ../shared/corpora/pico-corpus-dev

# What the tests run besides Python; each is installed where it is missing.
JAVA := scripts/ensure-program java default-jre-headless 'a Java runtime'
VIRTUOSO := scripts/ensure-program virtuoso-t virtuoso-opensource-7-bin 'a Virtuoso server'
FHIR := scripts/ensure-fhir $(VENV)/fhir
KGX := scripts/ensure-kgx $(PYTHON) $(VENV)/kgx
METAFOR := scripts/ensure-program metafor r-cran-metafor 'metafor in R'

.DELETE_ON_ERROR:
.PHONY: help demo test test-long engines lint docs docs-check bench score model clean

help:
	@echo 'make demo        the built-in study: its evidence table, and three questions answered'
	@echo 'make test        all tests that take less than a minute, examples in docstrings included'
	@echo 'make test-long   the tests that take longer'
	@echo 'make engines     which question gives the same answer on which engine, from the tests'
	@echo 'make lint        ruff, mypy, and whether docs/reference is what the code says'
	@echo 'make docs        write docs/reference from the code'
	@echo 'make bench       ratios of times, taken in one run; PARTS="sizes engines" for some'
	@echo 'make score CORPUS=DIR    how well abstracts are read, against annotations in BRAT form'
	@echo 'make model       learn the model that ships, and write its table of figures'
	@echo 'make clean       take away what make made'

demo: $(PROGRAM)
	@$(VENV)/bin/picograph demo

test: $(TOOLS)
	@$(JAVA)
	@$(VIRTUOSO)
	@$(PYTHON) -m pytest -q -n $(JOBS) --dist worksteal -m 'not long'

# Whether there are long tests is asked first: where there are none, running them would end as "no tests ran".
test-long: $(TOOLS)
	@$(JAVA)
	@$(VIRTUOSO)
	@$(METAFOR)
	@$(FHIR)
	@$(KGX)
	@$(PIP) install --group learning
	@$(PYTHON) -m pytest -q -m long --collect-only >$(VENV)/long-tests 2>&1; code=$$?; \
	if [ $$code -eq 5 ]; then echo 'No test is marked long.'; \
	elif [ $$code -ne 0 ]; then cat $(VENV)/long-tests; exit $$code; \
	else $(PYTHON) -m pytest -q -n $(JOBS) --dist worksteal -m long; fi

engines: $(TOOLS)
	@$(VIRTUOSO)
	@$(PYTHON) -m pytest -v -n $(JOBS) --no-header -m '' tests/test_queries_answers.py tests/test_queries_engines.py \
	| sed -n '/^questions x engines/,$$p'

lint: $(TOOLS) .types/picograph docs-check
	@$(VENV)/bin/ruff check
	@$(VENV)/bin/ruff format --check
	@$(VENV)/bin/mypy --exclude '/(tests|build|dist)/' -p picograph

docs: $(PROGRAM)
	@$(PYTHON) -m docs.generate

docs-check: $(PROGRAM)
	@$(PYTHON) -m docs.generate --check

bench: $(TOOLS)
	@$(VIRTUOSO)
	@$(PYTHON) -m bench $(PARTS)

# Any folder of BRAT pairs, read by the model that ships; without one, the part of its corpus that is held back, read by
# a model that learnt from the rest.
CORPUS :=
score: $(TOOLS)
	@$(PYTHON) -m picograph.corpus score $(if $(CORPUS),'$(CORPUS)','$(ANNOTATED)' --part held-back)

model: $(TOOLS)
	@$(PIP) install --group learning
	@$(PYTHON) -m picograph.corpus model '$(ANNOTATED)'
	@$(PYTHON) -m picograph.corpus table '$(ANNOTATED)'

clean:
	rm -rf $(VENV) .types build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# mypy finds the package picograph through this link, because the repository's root is the package.
.types/picograph:
	@mkdir -p .types
	@ln -sfn .. $@

# A pip of before 25.1 does not know dependency groups.
$(PROGRAM): pyproject.toml scripts/ensure-venv
	@scripts/ensure-venv $(VENV)
	@$(PIP) install --upgrade 'pip>=25.1'
	@$(PIP) install --editable .
	@touch $@

# The classes of biolink-model need pydantic only; what it asks for besides brings a plugin that breaks pytest's options.
$(TOOLS): $(PROGRAM)
	@$(PIP) install --editable '.[all]' --group dev
	@$(PIP) install --no-deps 'biolink-model>=4.4'
	@touch $@
