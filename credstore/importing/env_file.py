"""Reads a `.env` file. Connections of Airflow among its variables are read as such."""

from io import StringIO

from dotenv.parser import parse_stream

from credstore.importing.airflow import ENV_PREFIX, connection_of_text
from credstore.importing.candidate import Candidate
from credstore.importing.named_values import Variable, read_variables


def read(text: str) -> list[Candidate]:
    """Variables are not expanded: a `$` in a password stays one."""
    variables: list[Variable] = []
    others: list[Candidate] = []
    for binding in parse_stream(StringIO(text)):
        origin = f"line {binding.original.line + _leading_lines(binding.original.string)}"
        if binding.error:
            others.append(Candidate(origin=origin, name="?", skipped="This line is not of the form NAME=value."))
        elif binding.key is not None and binding.key.startswith(ENV_PREFIX):
            others.append(connection_of_text(binding.key.removeprefix(ENV_PREFIX).lower(), binding.value or "", origin))
        elif binding.key is not None:
            variables.append(Variable(name=binding.key, value=binding.value or "", origin=origin))
    return [*read_variables(variables), *others]


def _leading_lines(text: str) -> int:
    return len(text) - len(text.lstrip("\n"))
