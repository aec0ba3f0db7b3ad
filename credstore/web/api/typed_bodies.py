"""The bodies that hold the fields of a credential: their schemas are made from the declarations of the types."""

import json
from collections.abc import Mapping
from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from credstore.credential_types import CREDENTIAL_TYPES, CredentialType, Field, by_slug
from credstore.errors import InvalidFields
from credstore.web.api.problems import note_typed_fields
from credstore.web.api.schemas import Given
from credstore.web.api.secret_states import refuse_states

_NOT_TEXT = "Send a text."


class FieldsBody:
    """A body with `type` and `fields`, and the members in `more`. `prefix` is that of the schemas' names."""

    def __init__(self, prefix: str, more: Mapping[str, fields.Field[Any]]) -> None:
        self._prefix = prefix
        self._more = dict(more)

    def load(self, data: Any) -> dict[str, Any]:
        """Raises InvalidFields for a type that is not known, marshmallow's ValidationError for what does not fit.

        What is missing is left to the vault, which says everything at once and in its words.
        """
        slug = data.get("type") if isinstance(data, dict) else None
        kind = by_slug(slug) if isinstance(slug, str) else None
        if kind is None:
            raise InvalidFields({"type": "Choose a type."})
        note_typed_fields()
        refuse_states(data.get("fields"), [field.name for field in kind.secret_fields()])
        loaded: dict[str, Any] = self.schema(kind)(partial=True).load(data)
        return loaded | {"fields": texts_of(kind, loaded.get("fields", {}))}

    def schemas(self) -> dict[str, type[Schema]]:
        """By type, in the order of the types."""
        return {kind.slug: self.schema(kind) for kind in CREDENTIAL_TYPES}

    def schema(self, kind: type[CredentialType]) -> type[Schema]:
        name = f"{self._prefix}{kind.__name__}"
        own = {field.name: _of_field(field) for field in kind.fields}
        inner = Given.from_dict(own, name=f"{name}Fields")
        members = {
            "type": fields.String(required=True, validate=validate.Equal(kind.slug), metadata={"const": kind.slug}),
            "fields": fields.Nested(inner, required=True, unknown=RAISE),
        }
        return Given.from_dict(members | self._more, name=name)


def texts_of(kind: type[CredentialType], given: Mapping[str, Any]) -> dict[str, str]:
    """The values as the vault takes them: texts. Raises InvalidFields for fields that the type has not, or no texts."""
    known = {field.name: field for field in kind.fields}
    if not set(given) <= set(known):
        raise InvalidFields({"": f"{kind.label} has these fields: {', '.join(known)}."})
    texts: dict[str, str] = {}
    for name, value in given.items():
        if isinstance(value, dict) and known[name].form == "json":
            texts[name] = json.dumps(value, ensure_ascii=False)
        elif value is None or isinstance(value, str):
            texts[name] = value or ""
        else:
            raise InvalidFields({name: _NOT_TEXT})
    return texts


class _TextOrObject(fields.Raw):
    """A JSON object, or its text."""


def _of_field(field: Field) -> fields.Field[Any]:
    about: dict[str, Any] = {"title": field.label}
    if field.hint:
        about["description"] = field.hint
    if field.secret:
        about["writeOnly"] = True
    if field.form == "json":
        return _TextOrObject(required=field.required, metadata=about | {"type": ["string", "object"]})
    rules: list[validate.Validator] = [validate.Length(max=field.max_length)]
    if field.form == "choice":
        about["enum"] = [choice.value for choice in field.choices()]
    return fields.String(required=field.required, validate=rules, metadata=about)
