# make run: set up and start the app.   make test: set up and run every check.   make help: the rest.
PYTHON ?= python3
BIN := .venv/bin
FACE_ASSETS ?= ../shared/faces/assets
.DEFAULT_GOAL := help

.PHONY: help run test lint evaluate-face-vae quantise-face-vae evaluate-directions bench bench-versions pictures clean
help:  ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 22

run: .venv/app  ## set up what is missing and start the app on http://127.0.0.1:7860
	$(BIN)/python app.py $(ARGS)

# Two files at a time, each in one process, for its app and its fixtures; in order, for the browser's come last.
test: .venv/dev system-packages lint  ## set up what is missing and run every test, browser included
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: .venv/dev  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

evaluate-face-vae: .venv/dev  ## measure the bundled face VAE on the test portraits
	$(BIN)/python -m models.faces.evaluation $(ARGS)

quantise-face-vae: .venv/dev  ## fit the bundled face VAE's decoder to bytes, after its weights have changed
	$(BIN)/python -m models.faces.quantise $(ARGS)

evaluate-directions: .venv/dev system-packages  ## measure the bundled model's directions against its renderer
	$(BIN)/python -m benchmarks.directions --assets $(FACE_ASSETS) $(ARGS)

bench: .venv/dev system-packages  ## live drag, decoding and many users against the naive way, as ratios
	$(BIN)/python -m benchmarks.live_drag
	$(BIN)/python -m benchmarks.performance

bench-versions: .venv/dev system-packages  ## the same against another checkout, BEFORE=FOLDER: is anything slower than it was?
	$(BIN)/python -m benchmarks.versions $(BEFORE)

pictures: .venv/dev system-packages  ## make the README's screenshot and GIF from the running app
	$(BIN)/python -m docs.pictures

.venv/app: requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/dev: requirements-dev.txt .venv/app
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

# The browser tests drive Debian's Chromium, the page's modules are tested by Node (20 or newer), and the renderer tests
# need an off-screen OpenGL (EGL) driver.
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
.PHONY: system-packages
system-packages:
	@if command -v chromium >/dev/null && command -v node >/dev/null && ldconfig -p | grep -q libEGL.so.1; then exit 0; fi; \
	command -v apt-get >/dev/null || { echo "Install Chromium, Node and EGL: the tests need them"; exit 1; }; \
	$(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
		chromium nodejs libegl1 libgl1-mesa-dri >/dev/null

clean:  ## remove what the commands above made
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
