"""Marshmallow schemas of what the API takes and answers, but for the fields of the credential types."""

from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, pre_load, validate

from credstore.credential_types import CREDENTIAL_TYPES
from credstore.probe import Outcome
from credstore.vault.list_filters import MAX_DAYS, SORTS
from credstore.web.api.short_lists import ShortList

MOST_IDS = 1000
_MOST_MEMBERS = 100
UNKNOWN = "There is a member here that is not known."
CURSOR = validate.Regexp(r"\A[0-9]{1,18}\Z", error="This is no cursor of an earlier answer.")
DAY = r"\A([0-9]{4}-[0-9]{2}-[0-9]{2})?\Z"


class Given(Schema):
    """What is sent: a member that is not known is refused."""

    class Meta:
        unknown = RAISE

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        known = ", ".join(field.data_key or name for name, field in self.load_fields.items())
        self.error_messages["unknown"] = f"{UNKNOWN} These are known: {known}." if known else UNKNOWN

    @pre_load
    def refuse_many_members(self, data: Any, **_: Any) -> Any:
        """Before any is looked at: marshmallow takes a time for unknown members that grows with their square."""
        if isinstance(data, dict) and len(data) > _MOST_MEMBERS:
            raise ValidationError(f"Send at most {_MOST_MEMBERS} members.")
        return data


def confirm_field() -> fields.Field[Any]:
    """The member that agrees to a key that looks like one of another provider."""
    about = "Take a key that looks like one of another provider or type, which is refused with a 422 else."
    return fields.Boolean(load_default=False, truthy={True}, falsy={False}, metadata={"description": about})


class Answer(Schema):
    """What is answered: later versions may add members."""

    class Meta:
        unknown = EXCLUDE


def known_type(slug: str) -> None:
    """The types are asked each time: code may add some before the application is made."""
    if slug not in {kind.slug for kind in CREDENTIAL_TYPES}:
        raise ValidationError("There is no such type.")


class ListQuery(Given):
    q = fields.String(metadata={"description": "Looks in names."})
    type = fields.String(validate=known_type, metadata={"description": "The slug of a type, such as llm."})
    status = fields.String(validate=validate.OneOf([outcome.value for outcome in Outcome]))
    expiring = fields.Integer(validate=validate.Range(0, MAX_DAYS), metadata={"description": "Days."})
    sort = fields.String(validate=validate.OneOf(sorted(SORTS)))
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))
    cursor = fields.String(validate=CURSOR, metadata={"description": "The next_cursor of an earlier answer."})


class SecretState(Answer):
    set = fields.Boolean(required=True)
    updated_at = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "When the credential was last changed."}
    )


class FactState(Answer):
    state = fields.String(required=True, validate=validate.OneOf(["yes", "no", "unknown"]))
    reason = fields.String(required=True)


class Measured(Answer):
    outcome = fields.String(required=True, validate=validate.OneOf([outcome.value for outcome in Outcome]))
    reason = fields.String(required=True)
    advice = fields.String(required=True)
    provider_message = fields.String(required=True)
    facts = fields.List(fields.String(), required=True)
    reached = fields.Nested(FactState, required=True)
    accepted = fields.Nested(FactState, required=True)
    usable = fields.Nested(FactState, required=True)
    steps = fields.List(fields.String(), required=True)


class CompletionAnswer(Measured):
    model = fields.String(required=True)
    tried_at = fields.AwareDateTime(required=True)


class VerdictAnswer(Measured):
    completion = fields.Nested(
        CompletionAnswer, required=True, allow_none=True, metadata={"description": "One that a person asked for."}
    )
    tested_at = fields.AwareDateTime(allow_none=True)


class CredentialAnswer(Answer):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    type = fields.String(required=True)
    version = fields.Integer(required=True, metadata={"description": "The number in the ETag."})
    testable = fields.Boolean(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)
    last_used_at = fields.AwareDateTime(required=True, allow_none=True)
    expires_at = fields.AwareDateTime(required=True, allow_none=True)
    fields_: Any = fields.Dict(
        data_key="fields",
        required=True,
        metadata={
            "description": "Public values as texts; of a secret only whether it is set.",
            "additionalProperties": {"anyOf": [{"type": "string"}, {"$ref": "#/components/schemas/SecretState"}]},
        },
    )
    test = fields.Nested(VerdictAnswer, required=True)


class CredentialPage(Answer):
    items = fields.List(fields.Nested(CredentialAnswer), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
    beginnings_only = fields.Boolean(
        required=True, metadata={"description": "The search looked at the beginnings of names; there is no next page."}
    )


class Patch(Given):
    name = fields.String()
    expires = fields.String(
        allow_none=True,
        validate=validate.Regexp(DAY, error="Write the day as YYYY-MM-DD."),
        metadata={"format": "date"},
    )
    fields_: Any = fields.Dict(
        keys=fields.String(),
        data_key="fields",
        metadata={
            "description": "What is absent stays; so does a secret that is blank or sent as its state, as it is read; "
            "null removes a value."
        },
    )
    confirm_key_mismatch = confirm_field()


class DeleteQuery(Given):
    force = fields.String(validate=validate.OneOf(["true", "false"]))


class Ids(Given):
    ids = ShortList(fields.UUID(), least=1, most=MOST_IDS, required=True)
    force = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class DeletionAnswer(Answer):
    batch = fields.UUID(required=True, metadata={"description": "Restores what went with this deletion."})
    deleted = fields.Integer(required=True)
    missing = fields.Integer(required=True)


class Batch(Given):
    batch = fields.UUID(required=True)


class RestoredAnswer(Answer):
    restored = fields.Integer(required=True)


class Verdicts(Answer):
    items = fields.List(fields.Nested(VerdictAnswer), required=True)


class Models(Answer):
    items = fields.List(fields.String(), required=True)
    count = fields.Integer(required=True)
    listed_for = fields.String(required=True, allow_none=True)


class ProblemError(Answer):
    pointer = fields.String(required=True, metadata={"description": "A JSON pointer into what was sent."})
    code = fields.String(required=True)
    detail = fields.String(required=True)


class Problem(Answer):
    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(required=True)
    detail = fields.String(required=True)
    errors = fields.List(fields.Nested(ProblemError))
    looks_like = fields.String(metadata={"description": "With key-mismatch: whose key it looks like."})
    chosen = fields.String(metadata={"description": "With key-mismatch: the provider, type or host that was sent."})
