"""The options of `credstore run` that name a credential and where its secret goes: NAME=@CREDENTIAL#FIELD."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click

from credstore.credential_values import CredentialValues
from credstore.errors import Refused

_FORM = re.compile(
    r"(?P<variable>[A-Za-z_][A-Za-z0-9_]*)=@(?P<credential>.+?)(?:#(?P<field>[A-Za-z_][\w.-]*))?", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class SecretReference:
    """Without a `field` it is the main secret of the credential."""

    variable: str
    credential: str
    field: str

    def text_of(self, values: CredentialValues) -> str:
        """What the variable gets. Raises Refused with a sentence that names the credential and its fields."""
        try:
            text = values.text(self.field)
        except KeyError:
            what = f"no field “{self.field}”" if self.field else "no secret"
            fields = ", ".join(sorted(values)) or "none"
            raise Refused(f"The credential “{values.name}” has {what}. Its fields: {fields}.") from None
        if "\0" in text:
            raise Refused(f"The value of the credential “{values.name}” holds a NUL character, which no variable can.")
        return text


class SecretReferenceType(click.ParamType[SecretReference]):
    """A malformed text is not repeated in the message: somebody may have written the secret itself."""

    name = "reference"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> SecretReference:
        if isinstance(value, SecretReference):
            return value
        match = _FORM.fullmatch(str(value))
        if match is None:
            self.fail('Write NAME=@"name or id of a credential". A secret itself does not belong here.', param, ctx)
        return SecretReference(match["variable"], match["credential"], match["field"] or "")


def refuse_repeated(references: Sequence[SecretReference]) -> None:
    """Raises UsageError where one variable is set twice."""
    names = [reference.variable for reference in references]
    for name in names:
        if names.count(name) > 1:
            raise click.UsageError(f"{name} is set twice.")
