"""The documents name every setting and command and none that does not exist; their links lead somewhere."""

import re
from collections.abc import Iterator

import click
import pytest

from credstore.cli import main
from credstore.client import settings as client_settings
from credstore.config import settings
from tests.documents import REPO, Document, read_documents

DOCUMENTS = read_documents()
CURRENT = [document for name, document in DOCUMENTS.items() if name != "CHANGELOG.md"]  # what holds today
VARIABLES = [setting.metadata["env"] for setting in settings()]


def commands(group: click.Group, path: str = "credstore") -> Iterator[str]:
    """The paths of the leaves: `credstore keys status`."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        elif command is not None and not command.hidden:
            yield f"{path} {name}"


def exists(call: str, known: set[str]) -> bool:
    """Whether a call is a command, a group of commands, or a command with arguments."""
    return any(call == path or call.startswith(path + " ") or path.startswith(call + " ") for path in known)


def broken(link: str, document: Document) -> str:
    """Why a link leads nowhere, "" where it leads somewhere. Addresses of other sites are not asked."""
    if re.match(r"https?://", link):
        return "" if re.fullmatch(r"https?://[\w.-]+(/\S*)?", link) else "not an address"
    path, _, anchor = link.partition("#")
    target = (document.folder / path).resolve() if path else REPO / document.name
    if not target.is_relative_to(REPO) or not target.exists():
        return "there is no such file"
    name = str(target.relative_to(REPO))
    if anchor and (name not in DOCUMENTS or anchor not in DOCUMENTS[name].anchors):
        return "there is no such heading"
    return ""


@pytest.mark.parametrize("variable", VARIABLES)
def test_every_setting_has_a_row(variable: str) -> None:
    rows = [line for line in DOCUMENTS["docs/settings.md"].text.splitlines() if line.startswith(f"| `{variable}` |")]
    assert len(rows) == 1, f"docs/settings.md has {len(rows)} rows for {variable}"


@pytest.mark.parametrize("variable", client_settings.VARIABLES)
def test_every_variable_of_the_client_has_a_row(variable: str) -> None:
    rows = [line for line in DOCUMENTS["docs/use.md"].text.splitlines() if line.startswith(f"| `{variable}` |")]
    assert len(rows) == 1, f"docs/use.md has {len(rows)} rows for {variable}"
    assert variable not in VARIABLES, "the server does not read it"


@pytest.mark.parametrize("command", sorted(commands(main)))
def test_every_command_has_a_row(command: str) -> None:
    rows = [line for line in DOCUMENTS["docs/commands.md"].text.splitlines() if re.match(rf"\| `{command}[` ]", line)]
    assert len(rows) == 1, f"docs/commands.md has {len(rows)} rows for {command}"


@pytest.mark.parametrize("document", CURRENT, ids=lambda document: document.name)
def test_every_named_setting_exists(document: Document) -> None:
    assert not document.variables - {*VARIABLES, *client_settings.VARIABLES}, (
        f"{document.name} names settings that do not exist"
    )


@pytest.mark.parametrize("document", CURRENT, ids=lambda document: document.name)
def test_every_named_command_exists(document: Document) -> None:
    known = set(commands(main))
    unknown = sorted(call for call in document.calls if not exists(call, known))
    assert not unknown, f"{document.name} runs commands that do not exist: {unknown}"


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=list(DOCUMENTS))
def test_every_link_leads_somewhere(document: Document) -> None:
    dead = [f"{link}: {why}" for link in document.links if (why := broken(link, document))]
    assert not dead, f"{document.name}: {dead}"


def test_the_search_for_commands_finds_planted_ones() -> None:
    fence = "```sh\n.venv/bin/credstore serve --port 1  # credstore is nice\n```\n"
    text = f"Run `credstore keys burn`.\n{fence}credstore keeps\n"
    assert Document("planted.md", text).calls == {"credstore keys burn", "credstore serve"}
    assert not exists("credstore keys burn", {"credstore keys status"})
    assert exists("credstore keys", {"credstore keys status"})


@pytest.mark.parametrize(
    ("link", "why"),
    [
        ("docs/settings.md", ""),
        ("docs/settings.md#settings", ""),
        ("#a-heading-1", "there is no such heading"),
        ("docs/nowhere.md", "there is no such file"),
        ("docs/settings.md#nowhere", "there is no such heading"),
        ("../outside", "there is no such file"),
        ("https://example.com/a", ""),
        ("https:// example", "not an address"),
    ],
)
def test_a_link_that_leads_nowhere_is_found(link: str, why: str) -> None:
    assert broken(link, Document("README.md", "")) == why


def test_anchors_are_made_as_github_makes_them() -> None:
    text = "# Backup, and the `key`\n## A_b: [c](d)\n## Twice\n## Twice\n```\n# no heading\n```\n"
    assert Document("planted.md", text).anchors == {"backup-and-the-key", "a_b-c", "twice", "twice-1"}
    link = '[a](b) `[no](link)` <img src="c.png">\n```\n[no](link)\n```\n'
    assert Document("planted.md", link).links == ["b", "c.png"]
