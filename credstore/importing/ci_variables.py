"""Reads the variables of GitHub and GitLab as their APIs and command lines give them in JSON.

GitHub: `gh variable list --json name,value`, or the answer of GET /repos/…/actions/variables. Its secrets cannot be
read by anybody. GitLab: the answer of GET /projects/…/variables, or `glab variable export`.
"""

from credstore.importing.candidate import Candidate
from credstore.importing.json_files import list_of_objects, parse_json
from credstore.importing.named_values import Variable, read_variables


def read_github(text: str) -> list[Candidate]:
    """Raises FileRefused."""
    found = list_of_objects(parse_json(text), "variables")
    unread = [
        Candidate(origin=f"item {number}", name=str(one.get("name") or "?"), skipped=_NO_VALUE)
        for number, one in enumerate(found, 1)
        if "value" not in one
    ]
    variables = [
        Variable(name=str(one.get("name") or ""), value=str(one["value"]), origin=f"item {number}")
        for number, one in enumerate(found, 1)
        if "value" in one
    ]
    return [*read_variables(variables), *unread]


def read_gitlab(text: str) -> list[Candidate]:
    """A variable of one environment alone has its scope in its name. Raises FileRefused."""
    variables = []
    for number, one in enumerate(list_of_objects(parse_json(text), "variables"), 1):
        name, scope = str(one.get("key") or ""), str(one.get("environment_scope") or "*")
        variables.append(
            Variable(
                name=name if scope == "*" else f"{name} ({scope})",
                value=str(one.get("value") or ""),
                origin=f"item {number}",
                secret=bool(one.get("masked") or one.get("hidden")),
            )
        )
    return read_variables(variables)


_NO_VALUE = "Its value is not in the file. GitHub gives the value of no secret to anybody."
