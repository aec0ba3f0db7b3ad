"""xAI: `GET /v1/api-key` checks the key and tells what it may do and whether it is blocked.

A wrong key is 400 `{"code": "Client specified an invalid argument", "error": "Incorrect API key provided: ..."}`. No
credit shows only in use: 403 `{"code": "The caller does not have permission ...", "error": "Your newly created team
doesn't have any credits yet. ..."}`. Source: xAI's OpenAPI description; answers quoted in openai/codex#1352.
"""

from credstore.credential_types.llm.hosts.base import Host, KeyFacts, json_at
from credstore.probe import Json

_EVERYTHING = {"api-key:endpoint:*", "api-key:model:*"}


def key_facts(json: Json) -> KeyFacts | None:
    acls = json_at(json, "acls")
    if not isinstance(acls, list) or "api_key_blocked" not in (json if isinstance(json, dict) else {}):
        return None
    limits = sorted(acl for acl in acls if isinstance(acl, str))
    limited = f"it is limited to {', '.join(limits[:4]) or 'nothing'}." if not set(limits) >= _EVERYTHING else ""
    for name, sentence in (
        ("team_blocked", "the team that it belongs to is blocked."),
        ("api_key_disabled", "it is disabled."),
        ("api_key_blocked", "it is blocked."),
    ):
        limited = sentence if json_at(json, name) is True else limited
    return KeyFacts(limited=limited)


XAI = Host(name="xAI", domains=("api.x.ai",), bases=("/v1",), check="/v1/api-key", key_facts=key_facts)
