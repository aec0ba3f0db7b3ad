"""Reads the documents of the repository: their code blocks, links, headings, settings and commands."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)[^\n]*\n(?P<code>.*?)^ *```", re.S | re.M)


@dataclass(frozen=True)
class Block:
    """A fenced block of code: its language, its text, and where it stands ("README.md:12")."""

    language: str
    code: str
    where: str


@dataclass(frozen=True)
class Document:
    """A Markdown file. `name` is its path from the top of the repository."""

    name: str
    text: str

    @property
    def folder(self) -> Path:
        return (REPO / self.name).parent

    @cached_property
    def blocks(self) -> list[Block]:
        found = []
        for match in FENCE.finditer(self.text):
            line = self.text.count("\n", 0, match.start()) + 1
            code = re.sub(rf"^{match['indent']}", "", match["code"], flags=re.M)
            found.append(Block(match["language"], code, f"{self.name}:{line}"))
        return found

    @cached_property
    def prose(self) -> str:
        """The text without its code blocks."""
        return FENCE.sub("", self.text)

    @cached_property
    def code(self) -> list[str]:
        """The lines of the blocks and what stands between backticks, comments and continued lines dropped."""
        lines = [line for block in self.blocks for line in block.code.replace("\\\n", " ").splitlines()]
        return [re.sub(r"(^|\s)#.*", "", piece) for piece in [*lines, *re.findall(r"`([^`\n]+)`", self.prose)]]

    @cached_property
    def links(self) -> list[str]:
        """The targets of links and pictures."""
        prose = re.sub(r"`[^`\n]+`", "", self.prose)
        return re.findall(r"\]\(([^)\s]+)\)", prose) + re.findall(r"\b(?:src|srcset|href)=\"([^\"]+)\"", prose)

    @cached_property
    def anchors(self) -> set[str]:
        """The anchors of the headings, as GitHub makes them."""
        found: set[str] = set()
        for heading in re.findall(r"^#{1,6} +(.+?)\s*$", self.prose, re.M):
            plain = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)).lower().replace(" ", "-")
            number = sum(1 for anchor in found if re.fullmatch(rf"{re.escape(plain)}(-\d+)?", anchor))
            found.add(f"{plain}-{number}" if number else plain)
        return found

    @cached_property
    def variables(self) -> set[str]:
        """The names of credstore's settings that stand anywhere in the text."""
        named = re.findall(r"\b(?:CREDSTORE_[A-Z_]*[A-Z]|FIELD_ENCRYPTION_KEY\w*)", self.text)
        return {name.removesuffix("_FILE") for name in named}

    @cached_property
    def calls(self) -> set[str]:
        """The credstore commands that its code runs, by their words up to the first option or argument."""
        found = (
            m
            for piece in self.code
            for m in re.finditer(r"(?:^|[\s/])credstore((?: +[a-z][a-z-]*(?![\w.:/]))+)", piece)
        )
        return {" ".join(["credstore", *match[1].split()]) for match in found}


def read_documents() -> dict[str, Document]:
    """README, CONTRIBUTING, CHANGELOG and all Markdown files below docs/, deploy/ and examples/."""
    top = [REPO / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")]
    below = [path for folder in ("docs", "deploy", "examples") for path in _below(folder)]
    return {document.name: document for document in _read([*top, *below])}


def _below(folder: str) -> list[Path]:
    return sorted((REPO / folder).rglob("*.md"))


def _read(paths: list[Path]) -> Iterator[Document]:
    for path in paths:
        yield Document(str(path.relative_to(REPO)), path.read_text())
