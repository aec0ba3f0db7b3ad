"""The session cookie: what was verified is kept, and yet no cookie passes that Flask's own would refuse."""

import json
import time

import pytest
import time_machine
from flask import Flask
from itsdangerous import BadSignature, URLSafeTimedSerializer

from credstore.web.session_cookie import SHORT, CookieSerializer, SessionCookie

MAX_AGE = 1_000
SESSION = {"_user_id": "a token", "_flashes": [["message", {"text": "Saved."}]]}


def serializer(key: str = "a") -> CookieSerializer:
    app = Flask("site")
    app.secret_key = key * 32
    found = SessionCookie().get_signing_serializer(app)
    assert found is not None
    return found


def test_a_cookie_opens_again_and_again_and_no_request_sees_what_another_changed() -> None:
    kept = serializer()
    text = str(kept.dumps(SESSION))
    for _ in range(3):
        content = kept.open_cookie(text, MAX_AGE)
        assert json.loads(json.dumps(content)) == json.loads(json.dumps(SESSION))
        content["_flashes"].append("another")
        content["_user_id"] = "another"


@pytest.mark.parametrize("opened_before", [False, True])
def test_a_cookie_is_refused_when_it_is_too_old_or_of_a_time_to_come(*, opened_before: bool) -> None:
    now = int(time.time())
    with time_machine.travel(now, tick=False) as clock:
        kept = serializer()
        text = str(kept.dumps(SESSION))
        if opened_before:
            kept.open_cookie(text, MAX_AGE)
        clock.move_to(now + MAX_AGE)
        assert kept.open_cookie(text, MAX_AGE)
        for other in (now + MAX_AGE + 1, now - 1):
            clock.move_to(other)
            with pytest.raises(BadSignature):
                kept.open_cookie(text, MAX_AGE)


def test_a_changed_cookie_and_one_of_another_key_are_refused_each_time() -> None:
    kept = serializer()
    text = str(kept.dumps(SESSION))
    kept.open_cookie(text, MAX_AGE)
    payload, _, signature = text.partition(".")
    changed = (f"{payload[:-1]}{'A' if payload[-1] != 'A' else 'B'}.{signature}", text[:-2], "", ".", "x.y.z")
    for other in (*changed, str(serializer("b").dumps(SESSION))):
        for _ in range(2):
            with pytest.raises(BadSignature):
                kept.open_cookie(other, MAX_AGE)


def test_a_long_cookie_is_compressed_and_each_is_one_of_flask() -> None:
    kept = serializer()
    flasks = URLSafeTimedSerializer(
        kept.secret_keys, kept.salt, serializer=kept.serializer, signer_kwargs=kept.signer_kwargs
    )
    for content in ({"a": "b" * 100}, {"a": "b" * 2 * SHORT}):
        text = str(kept.dumps(content))
        assert flasks.loads(text) == content
        assert kept.open_cookie(str(flasks.dumps(content)), MAX_AGE) == content
    assert len(text) < SHORT
