"""Forms made from declarations: a field set for each kind, so that a new kind needs nothing here.

Rules live in the kinds and in the vault, which every caller passes; a form carries text in and sentences back. What was
typed into a secret field is never written back into a page.
"""

import re
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field as FormsField
from wtforms import Form, FormField, HiddenField, PasswordField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs

from credstore.credential_types import CredentialType, Field
from credstore.errors import CredstoreError, InvalidFields
from credstore.vault import Record


class SecretTextArea(TextAreaField):
    """A text area whose content is never sent back; `shown` is the example, when somebody asked for it."""

    shown = ""

    def _value(self) -> str:
        return self.shown


def _form_field(field: Field) -> Any:
    if field.form == "choice":
        choices = [SelectChoice(choice.value, choice.label) for choice in field.choices()]
        return SelectField(field.label, choices=choices, validate_choice=False, description=field.hint)
    if field.form == "json":
        area = SecretTextArea if field.secret else TextAreaField
        return area(field.label, description=field.hint)
    line = PasswordField if field.secret else StringField
    return line(field.label, description=field.hint)


def _fields_form(kind: type[CredentialType]) -> type[Form]:
    return type(f"{kind.__name__}Fields", (Form,), {field.name: _form_field(field) for field in kind.fields})


class BaseCredentialForm(FlaskForm):  # type: ignore[misc]  # flask-wtf ships no types
    name = StringField("Name")
    expires = StringField("Expires", description="Optional. A test fills it in where the provider tells it.")

    def values(self, slug: str) -> dict[str, str]:
        """What was typed into one kind's fields."""
        return {name: value or "" for name, value in self[slug].form.data.items()}

    def edit_arguments(self, slug: str) -> dict[str, Any]:
        """What an edit form asks for, as `Vault.edit` takes it."""
        version = self.version.data or ""
        return {
            # What is no number at all is no row's version.
            "version": int(version) if re.fullmatch(r"[0-9]{1,9}", version) else 0,
            "name": self.name.data or "",
            "values": self.values(slug),
            "expires": self.expires.data or "",
        }

    def show_errors(self, slug: str, refusal: CredstoreError) -> None:
        """Put each sentence beside its field; one without a field stands above the form."""
        if not isinstance(refusal, InvalidFields):
            self.form_errors.append(refusal.sentence)
            return
        inner = self[slug].form if slug in self else {}
        for name, sentence in refusal.fields.items():
            field: FormsField | None = next((form[name] for form in (inner, self) if name in form), None)
            if field is None:
                self.form_errors.append(sentence)
            else:
                field.errors = [*field.errors, sentence]


def create_form(kinds: tuple[type[CredentialType], ...]) -> type[BaseCredentialForm]:
    """The class of the create form for these kinds. Field names are `name`, `type` and `<kind>-<field>`."""
    attributes: dict[str, Any] = {kind.slug: FormField(_fields_form(kind)) for kind in kinds}
    clash = [slug for slug in attributes if hasattr(BaseCredentialForm, slug) or slug in {"name", "type", "expires"}]
    if clash:
        raise TypeError(f"A kind cannot be called {clash[0]}: the form uses that word itself.")
    choices = [SelectChoice(kind.slug, kind.label) for kind in kinds]
    attributes["type"] = RadioField("Type", choices=choices, validate_choice=False)
    return type("CreateForm", (BaseCredentialForm,), attributes)


def edit_form(kind: type[CredentialType]) -> type[BaseCredentialForm]:
    """The class of the edit form of one kind; `version` is the one the person saw."""
    return type("EditForm", (BaseCredentialForm,), {kind.slug: FormField(_fields_form(kind)), "version": HiddenField()})


def stored_data(kind: type[CredentialType], record: Record) -> dict[str, Any]:
    """The data to fill an edit form with: public values only."""
    day = record.expires_at.date().isoformat() if record.expires_at else ""
    return {"name": record.name, "version": str(record.version), "expires": day, kind.slug: dict(record.public)}
