"""Reads a Dockerfile: its stages and their instructions, as far as ours uses them."""

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Instruction:
    """`word` is the instruction ("RUN"), `text` its arguments on one line."""

    word: str
    text: str

    @property
    def words(self) -> list[str]:
        """The command of a JSON form, or the words of a shell form."""
        return list(json.loads(self.text)) if self.text.startswith("[") else shlex.split(self.text)


@dataclass
class Stage:
    """A stage of the build; `name` is its name or its number."""

    name: str
    instructions: list[Instruction] = field(default_factory=list)

    def last(self, word: str) -> Instruction:
        return [each for each in self.instructions if each.word == word][-1]

    @property
    def environment(self) -> dict[str, str]:
        """What ENV sets."""
        pairs = [pair for each in self.instructions if each.word == "ENV" for pair in each.words]
        return dict(pair.split("=", 1) for pair in pairs)

    @property
    def user(self) -> int:
        """The numeric user that the image runs as."""
        return int(self.last("USER").text.partition(":")[0])

    @property
    def health_check(self) -> list[str]:
        """The command of HEALTHCHECK."""
        return Instruction("CMD", self.last("HEALTHCHECK").text.partition("CMD ")[2]).words


def read_dockerfile(path: Path) -> list[Stage]:
    """The stages in order. Comments and the ends of continued lines are dropped."""
    text = re.sub(r"^\s*#.*\n", "", path.read_text(), flags=re.M)
    stages: list[Stage] = []
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            stages.append(Stage(rest.partition(" AS ")[2] or str(len(stages))))
        elif word:
            stages[-1].instructions.append(Instruction(word, rest))
    return stages
