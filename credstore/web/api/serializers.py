"""What the API answers of a credential. No secret is in a record, so that none can be in an answer."""

from typing import Any

from flask import Response, jsonify

from credstore.credential_types import by_slug
from credstore.vault import Record
from credstore.web.json_output import isoformat, verdict_json


def credential_answer(record: Record) -> dict[str, Any]:
    """One credential. Of a secret only whether it is set, and when the credential was last changed."""
    kind = by_slug(record.kind)
    secrets = {field.name for field in kind.secret_fields()} if kind else set()
    fields: dict[str, Any] = {str(name): str(value) for name, value in record.public.items()}
    for name in sorted(secrets | record.secret_names):
        is_set = name in record.secret_names
        fields[name] = {"set": is_set, "updated_at": isoformat(record.updated_at) if is_set else None}
    return {
        "id": record.public_id,
        "name": record.name,
        "type": record.kind,
        "version": record.version,
        "testable": record.testable,
        "created_at": isoformat(record.created_at),
        "updated_at": isoformat(record.updated_at),
        "last_used_at": isoformat(record.last_used_at),
        "expires_at": isoformat(record.expires_at),
        "fields": fields,
        "test": verdict_json(record.verdict) | {"tested_at": isoformat(record.tested_at)},
    }


def credential_response(record: Record, status: int = 200) -> Response:
    """One credential with its ETag, for If-Match."""
    response = jsonify(credential_answer(record))
    response.status_code = status
    response.set_etag(str(record.version))
    return response
