"""What a form says of secrets that were typed into it: they never come back, so that they are asked for again."""

from collections.abc import Collection, Mapping
from typing import Any

from flask import request

from credstore.credential_types import CredentialType, by_slug
from credstore.errors import InvalidFields
from credstore.web.forms import typed_secrets

ENTER_AGAIN = "Enter the {0} again: a secret is never sent back to a page."


def require_new_secret(form: Any, kind: type[CredentialType]) -> None:
    """Raises InvalidFields where “Test new key” is pressed and there is no new one."""
    if not form.typed_secrets(kind):
        sentence = "Enter the new {0} here to test it. The stored one is tested by Test on the credential's page."
        first = {
            field.label: (*(one for one in field.guided if one.secret), field)[0] for field in kind.secret_fields()
        }
        raise InvalidFields({field.name: sentence.format(label) for label, field in first.items()})


def require_typed_again(
    values: Mapping[str, str], kind: type[CredentialType], remove: Collection[str] = (), *, editing: bool = False
) -> None:
    """Raises InvalidFields where a secret was typed, came back blank as every secret does, and is blank on saving.

    Without JavaScript the old secret would silently stay after a test of the new one, or none be stored. Asked once:
    the form that comes back does not name the field any more, so that one may decide to leave it blank.
    """
    asked = set(request.form.get("typed", "").split()) - typed_secrets(kind, values) - set(remove)
    sentence = "Enter the new {0} again, or save once more to keep the stored one." if editing else ENTER_AGAIN
    missing = {field.name: sentence.format(field.label) for field in kind.secret_inputs() if field.name in asked}
    if missing:
        raise InvalidFields(missing)


def show_other_errors(form: Any, slug: str, asked: str) -> None:
    """Beside the question about one field, say what is wrong with the others."""
    kind = by_slug(slug)
    if kind is None:
        return
    try:
        kind.clean(form.values(slug), kept=[field.name for field in kind.secret_fields()])
    except InvalidFields as invalid:
        form.show_errors(slug, InvalidFields({name: found for name, found in invalid.fields.items() if name != asked}))


def ask_for_secrets(form: Any, kind: type[CredentialType] | None, secrets: Collection[str], sentence: str) -> None:
    """Put `sentence` above the form, and another one beside each of its fields in `secrets`."""
    form.form_errors.append(sentence)
    if kind is None:
        return
    for field in kind.secret_inputs():
        if f"{kind.slug}-{field.name}" in secrets:
            form.show_errors(kind.slug, InvalidFields({field.name: ENTER_AGAIN.format(field.label)}))
