"""The README says how to run and to test credstore, and the map of the code is the code that is there."""

import re

import pytest

from tests.documents import REPO, read_documents
from tests.test_architecture import LAYERS, MODULES, WIRING

README, CODE = read_documents()["README.md"], read_documents()["docs/code.md"]
RUN = "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/credstore serve"
TEST = "tests/run"
TASKS = CODE.text[CODE.text.index("## By task") : CODE.text.index("## Layers")]
SHORT_MAP = README.text[README.text.index("## Map of the code") : README.text.index("## Development")]


@pytest.mark.parametrize("command", [RUN, TEST])
def test_the_two_commands_stand_there_word_for_word(command: str) -> None:
    assert command in README.code, f"README.md does not have the line: {command}"


def test_every_document_is_reached_from_the_readme() -> None:
    named = {name for name in read_documents() if name.startswith("docs/")}
    linked = {link.partition("#")[0] for link in README.links}
    assert named, "docs/ has no documents"
    assert not named - linked, f"README.md links no {sorted(named - linked)}"


def test_the_layers_of_the_map_are_those_that_are_checked() -> None:
    (drawn,) = (block for block in CODE.blocks if block.language == "" and "background_runner" in block.code)
    assert [set(line.strip().split(", ")) for line in drawn.code.splitlines()] == [set(layer) for layer in LAYERS]


def test_the_map_names_every_package_and_nothing_that_is_not_there() -> None:
    packages = {module.package for module in MODULES} - {"", "__main__"}
    missing = {name for name in packages if not re.search(rf"\b{name}\b", CODE.text)}
    assert not missing, f"the map names no {sorted(missing)}"
    assert packages - WIRING <= {name for layer in LAYERS for name in layer}


def test_the_short_map_names_folders_that_are_there() -> None:
    named = re.findall(r"^([\w/]+/(?: [\w/]+/)*) ", SHORT_MAP, re.MULTILINE)
    assert len(named) > 10
    assert not [name for line in named for name in line.split() if not (REPO / name).is_dir()]


def test_the_files_and_names_of_the_tasks_are_there() -> None:
    named = re.findall(r"`([\w./]+/[\w./]*)`", TASKS)
    assert len(named) > 40
    assert not [name for name in named if not (REPO / name).exists()]
    for name, path in re.findall(r"`(\w+)` in `([\w./]+)`", TASKS):
        assert re.search(rf"\b{name}\b", (REPO / path).read_text()), f"{path} has no {name}"


@pytest.mark.parametrize("row", [row for row in CODE.text.splitlines() if row.startswith("| `")])
def test_the_files_that_the_map_names_exist(row: str) -> None:
    """A later name is relative to a folder of the row, to one folder in it, or to what holds it."""
    places = [REPO]
    for name in re.findall(r"`([\w./]+)`", row):
        if not name.endswith((".py", ".html", ".js", ".css", "/")):
            continue
        found = next(
            (path for place in places for path in [place / name, *place.glob(f"*/{name}")] if path.exists()), None
        )
        assert found, f"{name} is not there: {row[:80]}"
        places += [found, found.parent] if found.is_dir() else [found.parent]


def test_the_figures_of_the_readme_are_those_of_the_benchmarks() -> None:
    figures = read_documents()["docs/benchmarks.md"].text.splitlines()
    start = README.text.index("## With a million credentials")
    rows = [line for line in README.text[start : README.text.index("## Read on")].splitlines() if line.startswith("|")]
    assert len(rows) > 8
    assert not [row for row in rows if row not in figures]
