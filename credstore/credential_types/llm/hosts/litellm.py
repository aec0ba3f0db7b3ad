"""LiteLLM's proxy: with a master key it checks keys on every path of its API, with and without /v1.

Without a database a wrong key is 400 `{"error": {"message": "No connected db.", "type": "no_db_connection"}}`, and no
key a 500 without JSON; with one it is 401 `token_not_found_in_db`, an old key `expired_key`, a key over its budget
`budget_exceeded`, a key that may not use a route or a model 401 or 403 `key_model_access_denied`. It is recognised
by these names and by `x-litellm-...` headers; a listing does not name it. Source: LiteLLM 1.108, as measured.
"""

from credstore.credential_types.llm.hosts.base import ServerSoftware, json_at
from credstore.probe import ProbeResponse

_ERROR_TYPES = ("no_db_connection", "token_not_found_in_db", "key_model_access_denied")


def recognises(answer: ProbeResponse) -> bool:
    named = json_at(answer.json, "error", "type") in _ERROR_TYPES
    return named or any(name.startswith("x-litellm-") for name in answer.headers)


LITELLM = ServerSoftware(name="LiteLLM", recognises=recognises, base_url="http://127.0.0.1:4000/v1")
