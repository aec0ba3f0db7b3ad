"""Says in the HTML which fields of a form follow the type's first choice, such as the provider of an LLM credential.

The style sheet knows options by their position only, from 1: it needs no change for a new provider. It shows what has
`data-only-with` and hides what has `data-not-with` while one of these positions is chosen.
"""

from collections.abc import Collection

from credstore.credential_types import CredentialType, Field


def choice_of(kind: type[CredentialType]) -> Field | None:
    """The field that others follow: the first choice of the type."""
    return next((field for field in kind.fields if field.form == "choice" and not field.advanced), None)


def positions(values: Collection[str], kind: type[CredentialType]) -> str:
    """Where the options with these values stand, as in "1 3"."""
    choice = choice_of(kind)
    options = choice.choices() if choice else ()
    return " ".join(str(place) for place, option in enumerate(options, 1) if option.value in values)
