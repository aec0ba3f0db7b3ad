"""The route `use`: the values of a credential for another process, encrypted to the public key of its token."""

from typing import Any

from flask import Response
from marshmallow import Schema, fields, validate

from credstore.access_errors import ScopeMissing
from credstore.web import request_context
from credstore.web.api.kept_texts import dump
from credstore.web.api.routes import Route
from credstore.web.api.schemas import Given
from credstore.web.api.token_check import bearer_token, machine_token, row_read

_MOST = 200  # characters
_NONCE = r"\A[A-Za-z0-9_-]{16,128}\Z"
_PLAIN = validate.And(
    validate.Length(max=_MOST), validate.Predicate("isprintable", error="Use characters that can be printed.")
)


class Who(Given):
    consumer = fields.String(
        load_default="", validate=_PLAIN, metadata={"description": "Who uses it, such as workflow:42."}
    )
    node = fields.String(load_default="", validate=_PLAIN, metadata={"description": "Which part of the consumer."})
    nonce = fields.String(
        load_default="",
        validate=validate.Regexp(_NONCE, error="Use 16 to 128 letters, digits, “-” and “_”."),
        metadata={
            "description": "Random and new in each request: the answer is bound to it, so that it is no old one."
        },
    )


class EnvelopeAnswer(Schema):
    suite = fields.String(required=True, metadata={"description": "The suite of HPKE (RFC 9180)."})
    credential = fields.UUID(required=True)
    version = fields.Integer(required=True, metadata={"description": "Rises with each edit."})
    encapsulated_key = fields.String(required=True, metadata={"description": "In base64."})
    ciphertext = fields.String(required=True, metadata={"description": "In base64."})


def use(credential: str, body: dict[str, Any]) -> Response:
    """The use is noted before the answer leaves. Raises ScopeMissing, and what `Vault.use` raises."""
    token = machine_token()
    if token.public_key is None:
        raise ScopeMissing("This token has no public key to encrypt values to.")
    envelope = request_context.vault().use(
        credential,
        token=bearer_token(),
        public_key=token.public_key,
        consumer=body["consumer"] or f"token {token.name}",
        node=body["node"],
        nonce=body["nonce"],
        read=row_read(),
    )
    answer = Response(dump(envelope), mimetype="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer


ROUTES = (
    Route(
        method="POST",
        rule="/credentials/<uuid:credential>/use",
        name="use",
        scope="use",
        summary="Get the values of a credential, encrypted to the public key of the token",
        view=use,
        body=Who,
        answers={200: EnvelopeAnswer},
        refusals=(409,),
        reads_credential=True,
    ),
)
