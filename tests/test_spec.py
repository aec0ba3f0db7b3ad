"""Each sentence of the specification has a test that names it: `@pytest.mark.spec("the sentence")`."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
# Titles, the heads of tables and lists, and links: they say nothing that could hold or fail.
HEADINGS = {
    "Skip to content", "Credentials", "Credentials Table", "Column Description", "Pagination", "Credential Types",
    "Type Purpose Fields", "Creating a Credential", "Common Fields", "LLM-Specific Fields", "Telegram-Specific Fields",
    "When the type is set to Telegram:", "Testing Credentials", "Displays the result:", "Test before using",
    "API Key Security", "In the UI:", "Deleting Credentials", "Single Delete", "Batch Delete", "Credential deletion",
    "LLM credentials display a Test button in the actions column. Clicking it:",
}  # fmt: skip


def sentences(text: str) -> Iterator[str]:
    """Every sentence, table row and list item, without its bullet."""
    for line in text.splitlines():
        item = re.sub(r"^(?:[-•]|\d\.)\s+", "", line.strip())
        for sentence in re.split(r"(?<=[.:)])\s+(?=[A-Z])", item) if item.endswith((".", ":")) else [item]:
            if sentence and item not in HEADINGS and sentence not in HEADINGS:
                yield sentence


def marks(folder: Path) -> Iterator[tuple[str, str]]:
    """(sentence, where) of each `pytest.mark.spec(...)` on a test function."""
    for path in sorted(folder.rglob("test_*.py")):
        source = path.read_text()
        for node in ast.walk(ast.parse(source)) if "mark.spec(" in source else ():
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for mark in node.decorator_list:
                    if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.spec":
                        yield ast.literal_eval(mark.args[0]), f"{path.name}::{node.name}"


SPEC = list(dict.fromkeys(sentences((TESTS / "specification.md").read_text())))
NAMED = dict(marks(TESTS))


@pytest.mark.parametrize("sentence", SPEC)
def test_a_test_names_the_sentence(sentence: str) -> None:
    assert any(sentence in named or (named in sentence and len(named) > 12) for named in NAMED), (
        "no test has pytest.mark.spec of this"
    )


@pytest.mark.parametrize("sentence", sorted(NAMED))
def test_what_a_test_names_stands_in_the_specification(sentence: str) -> None:
    assert sentence in re.sub(r"\s+", " ", (TESTS / "specification.md").read_text()), NAMED[sentence]


def test_the_search_for_sentences_finds_rows_items_and_sentences() -> None:
    found = set(SPEC)
    assert {"Name The credential's display name", "Navigation controls appear at the bottom."} <= found
    assert len(SPEC) > 40
