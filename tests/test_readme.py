"""The README names every setting and every command, and names none that does not exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from credstore.cli import main
from credstore.config import settings

README = (Path(__file__).resolve().parents[1] / "README.md").read_text()
RUN = "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/credstore serve"
TEST = "tests/run"
VARIABLES = [setting.metadata["env"] for setting in settings()]


def commands(group: click.Group, path: str = "credstore") -> Iterator[str]:
    """The paths of the leaves: `credstore keys status`."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        elif not command.hidden:
            yield f"{path} {name}"


def code(text: str) -> list[str]:
    """What stands in fences and between backticks, comments and continued lines dropped."""
    fences = re.findall(r"^```[^\n]*\n(.*?)^```", text, re.S | re.M)
    prose = re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
    lines = [line for fence in fences for line in fence.replace("\\\n", " ").splitlines()]
    return [re.sub(r"(^|\s)#.*", "", piece) for piece in [*lines, *re.findall(r"`([^`\n]+)`", prose)]]


def called(text: str) -> set[str]:
    """The credstore commands that the code of `text` runs, by their words up to the first option or argument."""
    found = (m for piece in code(text) for m in re.finditer(r"(?:^|[\s/])credstore((?: +[a-z][a-z-]*)+)", piece))
    return {" ".join(["credstore", *match[1].split()]) for match in found}


def exists(call: str, known: set[str]) -> bool:
    """Whether a call is a command, a group of commands, or a command with arguments."""
    return any(call == path or call.startswith(path + " ") or path.startswith(call + " ") for path in known)


@pytest.mark.parametrize("variable", VARIABLES)
def test_every_setting_is_named(variable: str) -> None:
    assert re.search(rf"\b{variable}\b", README), f"README.md does not name the setting {variable}"


@pytest.mark.parametrize("command", sorted(commands(main)))
def test_every_command_is_named(command: str) -> None:
    assert re.search(rf"{command}\b", README), f"README.md does not name the command {command}"


def test_every_named_setting_exists() -> None:
    named = {name.removesuffix("_FILE") for name in re.findall(r"\bCREDSTORE_[A-Z_]*[A-Z]", README)}
    assert not named - set(VARIABLES), f"README.md names settings that do not exist: {sorted(named - set(VARIABLES))}"


def test_every_named_command_exists() -> None:
    known = set(commands(main))
    unknown = sorted(call for call in called(README) if not exists(call, known))
    assert not unknown, f"README.md runs commands that do not exist: {unknown}"


@pytest.mark.parametrize("command", [RUN, TEST])
def test_the_two_commands_stand_there_word_for_word(command: str) -> None:
    assert command in code(README), f"README.md does not have the line: {command}"


def test_the_search_for_commands_finds_planted_ones() -> None:
    fence = "```sh\n.venv/bin/credstore serve --port 1  # credstore is nice\n```\n"
    text = f"Run `credstore keys burn`.\n{fence}credstore keeps\n"
    assert called(text) == {"credstore keys burn", "credstore serve"}
    assert not exists("credstore keys burn", {"credstore keys status"})
    assert exists("credstore keys", {"credstore keys status"})
