"""What a credential type declares: `CredentialType` and `Field`. Pure Python; no Flask, SQLAlchemy or requests.

Everything else derives from a declaration: the fieldset, validation, password inputs, the public/sealed split, the
Detail cell, the Test button and its guard.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from credstore.credential_types import field_validation, guided_fields
from credstore.credential_types.paste_detection import env_lines, unwrap
from credstore.errors import InvalidFields, Refused
from credstore.probe import Probe

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An option of a field. `about` says in a few words what it is for."""

    value: str
    label: str
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigKey:
    """A key that credstore understands inside a JSON field, and what it means.

    Of a key that is not `secret` the result of a test and the list may show the value; all other texts of the object
    are secrets.
    """

    name: str
    about: str
    secret: bool = True
    kind: Literal["text", "url", "object", "number"] = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a credential type. Frozen and keyword-only: a misspelt `secret=` fails at import.

    `secret` seals it and never shows it again; `binds` means that a stored secret is valid only with this value.
    `choices` is called each time, so that what code adds to a list before the application is made is a choice too.
    `suggestions` are values that the form offers to fill in, each with what it is; any other value is as good.
    `advanced` fields are folded away in the form.
    `required_with` and `offered_with` return the values of the type's first choice with which the form demands the
    field, or shows it while it is empty. Where `offered_with` is None it is always shown.
    `guided` fields write parts of a JSON field, each its `key` or the name or value of the first entry there; none is
    stored by itself. See `guided_fields`.
    """

    name: str
    label: str
    required: bool = False
    secret: bool = False
    binds: bool = False
    form: Literal["text", "url", "choice", "json"] = "text"
    choices: Callable[[], tuple[Choice, ...]] = tuple
    suggestions: Callable[[], tuple[Choice, ...]] = tuple
    required_with: Callable[[], tuple[str, ...]] = tuple
    offered_with: Callable[[], tuple[str, ...]] | None = None
    max_length: int = 1000
    hint: str = ""
    placeholder: str = ""
    example: str = ""
    advanced: bool = False
    keys: tuple[ConfigKey, ...] = ()
    guided: tuple["Field", ...] = ()
    key: str = ""
    part: Literal["", "name", "value"] = ""

    def clean(self, text: str) -> str:
        """The value as it is stored. Raises Refused with a sentence for the person who typed it."""
        text = text.strip()
        if not text:
            return ""
        if self.secret and self.form == "text":
            text = unwrap.unwrap(text, self.name).value
            if not text:
                raise Refused("There is nothing in this but quotes or characters that cannot be seen. Copy it again.")
            if env_lines.is_joined(text) and env_lines.parse_env_lines(text):
                raise Refused("These are several lines in one. Paste the value of the key alone.")
        if len(text) > self.max_length:
            raise Refused(f"Use at most {self.max_length} characters.")
        if self.form == "choice":
            return field_validation.clean_choice(text, [choice.value for choice in self.choices()])
        if self.form == "url":
            return field_validation.clean_url(text)
        if self.form == "json":
            return field_validation.clean_json_object(text, {key.name: key.kind for key in self.keys})
        return field_validation.clean_secret(text, self.label) if self.secret else field_validation.clean_text(text)

    def shown(self, value: str) -> str:
        """A public value as pages show it: the label of a choice, like "OpenAI Compatible"."""
        return next((choice.label for choice in self.choices() if choice.value == value), value)

    def clean_with_guided(self, values: Values) -> str:
        """The same of the field's value, with its guided fields written into it. Raises InvalidFields too."""
        value = self.clean(values.get(self.name) or "")
        if not guided_fields.typed_parts(self.guided, values):
            return value
        return self.clean(guided_fields.write_object(self.guided, values, value, [key.name for key in self.keys]))


class CredentialType:
    """One credential type. Subclass it, set `slug`, `label`, `fields`, and add the class to `CREDENTIAL_TYPES`.

    Define `probe` to make the type testable; the Test button and the guard of its route follow.
    Define `completion` too where using the credential costs something, so that a person may ask for it. `test_uses`
    says that a test which passes did what a workflow does.
    """

    slug: ClassVar[str]
    label: ClassVar[str]
    summary: ClassVar[str] = ""
    fields: ClassVar[tuple[Field, ...]] = ()

    testable: ClassVar[bool] = False
    completes: ClassVar[bool] = False
    test_uses: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        """Refuses a field declared twice. A class that defines `probe`, or inherits one, is testable.

        Likewise one with `completion` completes.
        """
        if "probe" in vars(cls):
            cls.testable = True
        if "completion" in vars(cls):
            cls.completes = True
        names = [one.name for field in cls.fields for one in (field, *field.guided)]
        if len(set(names)) != len(names):
            raise TypeError(f"{cls.__name__} declares a field twice.")

    @classmethod
    def secret_fields(cls) -> tuple[Field, ...]:
        return tuple(field for field in cls.fields if field.secret)

    @classmethod
    def secret_inputs(cls) -> tuple[Field, ...]:
        """The fields of the form that a secret is typed into."""
        return tuple(one for field in cls.secret_fields() for one in (field, *field.guided) if one.secret)

    @classmethod
    def secret_word(cls) -> str:
        """What a sentence calls its secret: "key" for an API Key, "token" for a Bot Token, else its label."""
        secrets = cls.secret_fields()
        if len(secrets) != 1:
            return "secret"
        return secrets[0].label if secrets[0].form == "json" else secrets[0].label.split()[-1].lower()

    @classmethod
    def texts_to_redact(cls, secrets: Values) -> set[str]:
        """Every text that a verdict must not show: each secret, and each text inside a sealed JSON object."""
        found = set(secrets.values())
        for field in cls.secret_fields():
            if field.form == "json" and field.name in secrets:
                found |= field_validation.secret_texts(
                    secrets[field.name], {key.name for key in field.keys if not key.secret}
                )
        return found

    @classmethod
    def detail(cls, public: Values) -> tuple[str, ...]:
        """What the table shows of a credential: non-secret metadata only, the most telling first."""
        return tuple(public[field.name] for field in cls.fields if public.get(field.name))

    @classmethod
    def config_detail(cls, config: Mapping[str, Any]) -> tuple[str, ...]:  # noqa: ARG003
        """What the table shows of a JSON object, after `detail`. `config` has the keys that are not `secret` alone."""
        return ()

    @classmethod
    def learned_detail(cls, facts: tuple[str, ...]) -> tuple[str, ...]:  # noqa: ARG003
        """What the table shows of the facts of a test (`Verdict.facts`), after all else."""
        return ()

    @classmethod
    def validate(cls, values: Values, held: Collection[str]) -> dict[str, str]:  # noqa: ARG003
        """Rules across fields: a sentence for each field that fails. `held` names the secrets that have a value."""
        return {}

    @classmethod
    def destination(cls, public: Values) -> str | None:  # noqa: ARG003
        """The canonical URL that the secrets may be sent to, or None."""
        return None

    @classmethod
    def tested_url(cls, secrets: Values) -> str:  # noqa: ARG003
        """The URL in the secrets that a test asks, without its query; "" where there is none.

        What tests learn of a destination is kept by it, as a keyed hash, where `destination` is None.
        """
        return ""

    @classmethod
    def sealed_context(cls, public: Values) -> dict[str, str | None]:
        """What a secret is encrypted together with: its destination and every field that `binds`."""
        bound = {field.name: public.get(field.name) for field in cls.fields if field.binds}
        return {"dest": cls.destination(public), **bound}

    @classmethod
    def probe(cls, values: Values) -> Probe:
        """How to ask the provider whether these values work. Spends nothing."""
        raise NotImplementedError

    @classmethod
    def completion(cls, values: Values, model: str, *, other_limit: bool = False) -> Probe:
        """How to use these values for one completion of one token: one request. Never part of a test.

        `other_limit` sends the limit under its other name, see `llm/try_completion.py`.
        """
        raise NotImplementedError

    @classmethod
    def clean(cls, values: Values, kept: Collection[str] = ()) -> dict[str, str]:
        """All values as stored, without the blank ones. `kept` names secrets that are stored already and stay.

        Raises InvalidFields with every sentence at once.
        """
        cleaned: dict[str, str] = {}
        wrong: dict[str, str] = {}
        for field in cls.fields:
            try:
                value = field.clean_with_guided(values)
            except Refused as refusal:
                wrong[field.name] = refusal.sentence
                continue
            except InvalidFields as refusal:
                wrong |= refusal.fields
                continue
            if value:
                cleaned[field.name] = value
            elif field.required and field.name not in kept:
                wrong[field.name] = f"{field.label} is required."
        if not wrong:
            wrong = cls.validate(
                cleaned, {*kept, *(field.name for field in cls.secret_fields() if field.name in cleaned)}
            )
        if wrong:
            raise InvalidFields(wrong)
        return cleaned
