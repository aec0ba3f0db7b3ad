"""WTForms classes made from the declarations of the credential types, so that a new type needs no change here.

The types and the vault validate; a form only carries texts in and error sentences back. The value of a secret field is
never written into a page.
"""

import re
from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import Field as FormsField
from wtforms import Form, FormField, HiddenField, PasswordField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs

from credstore.credential_types import CredentialType, Field, by_slug, guided_fields
from credstore.errors import CredstoreError, InvalidFields, KeyMismatch
from credstore.vault import Record
from credstore.vault.validation import pasted_secret_finder
from credstore.web.authorized_form import AuthorizedForm


class SecretTextArea(TextAreaField):
    """A text area whose value is never written into a page; `shown` is the example, when the user asked for it."""

    shown = ""

    def _value(self) -> str:
        return self.shown


class UrlField(StringField):
    """A URL that is stored in a secret field. It is not written into a page where a part of it may be a secret."""

    @property
    def withheld(self) -> bool:
        return guided_fields.may_hold_a_secret(self.data or "")

    def _value(self) -> str:
        return "" if self.withheld else self.data or ""


def _form_field(field: Field) -> Any:
    if field.form == "choice":
        choices = [SelectChoice(choice.value, choice.label) for choice in field.choices()]
        return SelectField(field.label, choices=choices, validate_choice=False, description=field.hint)
    if field.form == "json":
        area = SecretTextArea if field.secret else TextAreaField
        return area(field.label, description=field.hint)
    plain = UrlField if field.key and field.form == "url" else StringField
    line = PasswordField if field.secret else plain
    return line(field.label, description=field.hint)


def _fields_form(kind: type[CredentialType]) -> type[Form]:
    fields = [one for field in kind.fields for one in (*field.guided, field)]
    return type(f"{kind.__name__}Fields", (Form,), {field.name: _form_field(field) for field in fields})


class BaseCredentialForm(AuthorizedForm):
    """The fields that the create form and the edit forms share."""

    key_mismatch: KeyMismatch | None = None  # what is asked below its field

    name = StringField("Name")
    expires = StringField("Expires", description="A test fills it in when the provider reports it.")

    def values(self, slug: str) -> dict[str, str]:
        """The typed values of the fields of one type."""
        return {name: value or "" for name, value in self[slug].form.data.items()}

    def edit_arguments(self, slug: str) -> dict[str, Any]:
        """The arguments of `Vault.edit` from an edit form."""
        return {
            "version": parse_version(self.version.data),
            "name": self.name.data or "",
            "values": self.values(slug),
            "expires": self.expires.data or "",
        }

    def typed_secrets(self, kind: type[CredentialType]) -> set[str]:
        """The names of the inputs for secrets that something was typed into."""
        return typed_secrets(kind, self.values(kind.slug))

    def show_errors(self, slug: str, refusal: CredstoreError) -> None:
        """Add each sentence to the errors of its field; one without a field goes above the form."""
        if isinstance(refusal, KeyMismatch):
            self.key_mismatch = refusal
            self._blank_fields_with_a_secret(slug)
            return
        if not isinstance(refusal, InvalidFields):
            self.form_errors.append(refusal.sentence)
            return
        inner = self[slug].form if slug in self else {}
        for name, sentence in self._beside_what_was_typed(slug, refusal.fields).items():
            field: FormsField | None = next((form[name] for form in (inner, self) if name in form), None)
            if field is None:
                self.form_errors.append(sentence)
            else:
                field.errors = [*field.errors, sentence]
        self._blank_fields_with_a_secret(slug)

    def _beside_what_was_typed(self, slug: str, sentences: Mapping[str, str]) -> dict[str, str]:
        """The sentences on a JSON field, moved to the guided field that they are about where it was typed there."""
        kind = by_slug(slug)
        moved = dict(sentences)
        for field in kind.fields if kind else ():
            if field.guided and field.name in moved:
                sentence = moved.pop(field.name)
                name = guided_fields.place_of_sentence(field.name, field.guided, self.values(slug), sentence)
                for part in field.guided if name != field.name else ():  # of the two for a header, its name
                    sentence = sentence.replace(f"“{part.key}”", part.label)
                moved[name] = sentence
        return moved

    def _blank_fields_with_a_secret(self, slug: str) -> None:
        """A secret that was typed into another field as well is not sent back in that one either."""
        kind = by_slug(slug)
        if kind is None or slug not in self:
            return
        secret = {field.name for field in kind.secret_inputs()}
        typed = self.values(slug)
        holds_secret = pasted_secret_finder([typed[name] for name in secret])
        for field in (self["name"], self["expires"], *(self[slug].form[name] for name in typed if name not in secret)):
            if isinstance(field.data, str) and holds_secret(field.data):
                field.data = ""


def typed_values(kind: type[CredentialType], fields: MultiDict[str, str]) -> dict[str, str]:
    """The typed values of the fields of one type, as a form of `fields` has them, without making the form."""
    names = (one.name for field in kind.fields for one in (*field.guided, field))
    return {name: fields.get(f"{kind.slug}-{name}", "") for name in names}


def typed_secrets(kind: type[CredentialType], values: Mapping[str, str]) -> set[str]:
    """The names of the inputs for secrets that have a value in these typed values."""
    return {field.name for field in kind.secret_inputs() if values[field.name].strip()}


def parse_version(text: str | None) -> int:
    """The version of a row in a form. A text that is no number becomes 0, which is no row's version."""
    return int(text) if text and re.fullmatch(r"[0-9]{1,9}", text) else 0


def create_form(kinds: tuple[type[CredentialType], ...]) -> type[BaseCredentialForm]:
    """The class of the create form. Its fields are `name`, `expires`, `type` and `<type>-<field>`.

    Raises TypeError when a type's slug is the name of an attribute of the form.
    """
    attributes: dict[str, Any] = {kind.slug: FormField(_fields_form(kind)) for kind in kinds}
    clash = [slug for slug in attributes if hasattr(BaseCredentialForm, slug) or slug in {"name", "type", "expires"}]
    if clash:
        raise TypeError(f"A credential type cannot have the slug {clash[0]}: the form has an attribute of that name.")
    choices = [SelectChoice(kind.slug, kind.label) for kind in kinds]
    attributes["type"] = RadioField("Type", choices=choices, validate_choice=False)
    return type("CreateForm", (BaseCredentialForm,), attributes)


def edit_form(kind: type[CredentialType]) -> type[BaseCredentialForm]:
    """The class of the edit form of one type; `version` is that of the row when the form was opened."""
    return type("EditForm", (BaseCredentialForm,), {kind.slug: FormField(_fields_form(kind)), "version": HiddenField()})


def stored_data(kind: type[CredentialType], record: Record) -> dict[str, Any]:
    """The data to fill an edit form with: public values only."""
    day = record.expires_at.date().isoformat() if record.expires_at else ""
    return {"name": record.name, "version": str(record.version), "expires": day, kind.slug: dict(record.public)}
