"""What is accepted as the consumer, node, label and link of a reference: plain text, and a link of http(s). Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from credstore.credential_types import field_validation
from credstore.errors import InvalidFields, Refused
from credstore.reference_models import CONSUMER_LENGTH, LABEL_LENGTH, LINK_LENGTH, NODE_LENGTH

MOST_AT_ONCE = 1000  # references that one consumer registers, and that one call may give


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReference:
    """A reference as a consumer gives it, cleaned. Build it with `clean`."""

    public_id: str
    node: str = ""
    label: str = ""
    link: str = ""

    @classmethod
    def clean(cls, public_id: str, node: str = "", label: str = "", link: str = "") -> "NewReference":
        """Raises InvalidFields with every sentence at once; it names the fields, and repeats no value."""
        fields: dict[str, str] = {}
        texts = {"node": (node, NODE_LENGTH), "label": (label, LABEL_LENGTH)}
        cleaned = {name: _clean(fields, name, value, most) for name, (value, most) in texts.items()}
        if problem := _link_problem(link := link.strip()):
            fields["link"] = problem
        if fields:
            raise InvalidFields(fields)
        return cls(public_id=public_id, link=link, **cleaned)


def clean_consumer(consumer: str) -> str:
    """The name of a consumer. Raises InvalidFields."""
    fields: dict[str, str] = {}
    cleaned = _clean(fields, "consumer", consumer, CONSUMER_LENGTH)
    if not cleaned and not fields:
        fields["consumer"] = "Say who uses it, for example “workflow:42”."
    if fields:
        raise InvalidFields(fields)
    return cleaned


def clean_all(references: Iterable[tuple[str, str, str, str]]) -> dict[tuple[str, str], NewReference]:
    """References (id of the credential, node, label, link) by credential and node; of equal ones the last counts.

    Raises InvalidFields: `references.3.link` is the link of the fourth.
    """
    found, fields = dict[tuple[str, str], NewReference](), dict[str, str]()
    for place, given in enumerate(references):
        if place >= MOST_AT_ONCE:
            raise InvalidFields({"references": f"Give at most {MOST_AT_ONCE:,} references at once."})
        try:
            cleaned = NewReference.clean(*given)
        except InvalidFields as refusal:
            fields |= _placed(place, refusal.fields)
        else:
            found[cleaned.public_id, cleaned.node] = cleaned
    if fields:
        raise InvalidFields(fields)
    return found


def _placed(place: int, fields: Mapping[str, str]) -> dict[str, str]:
    return {f"references.{place}.{name}": sentence for name, sentence in fields.items()}


def _clean(fields: dict[str, str], name: str, text: str, most: int) -> str:
    try:
        cleaned = field_validation.clean_text(text.strip()) if len(text) <= most else text
        if len(cleaned) > most:  # composing a text can make it longer
            raise Refused(f"Use at most {most} characters.")
    except Refused as refusal:
        fields[name] = refusal.sentence
        return ""
    return cleaned


def _link_problem(link: str) -> str:
    if len(link) > LINK_LENGTH:
        return f"Use at most {LINK_LENGTH:,} characters."
    if not link:
        return ""
    try:
        parts = urlsplit(link)
        has_host = bool(parts.hostname) and (parts.port is None or parts.port >= 0)
    except ValueError:
        return "This is not a link. Example: https://flows.example.com/42"
    if parts.scheme not in {"http", "https"} or not has_host:
        return "Use a link that begins with https:// or http://."
    if parts.username is not None or parts.password is not None:
        return "A link must not contain a user name or a password."
    # What urlsplit would silently remove, and what is no character of a URL.
    if not all(char.isprintable() and char not in ' "<>\\^`{|}' for char in link):
        return "A link must not contain spaces or control characters."
    return ""
