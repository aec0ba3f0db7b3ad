"""The routes of the API on both databases: what they do, and what they refuse."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask

from credstore.audit import AuditFilters
from credstore.vault import delete_restore
from tests.api.conftest import LLM, SECRET, Program


def create(program: Program, name: str, **more: Any) -> dict[str, Any]:
    answer = program.send("POST", "/credentials", json=LLM | {"name": name} | more, status=201).json
    assert isinstance(answer, dict)
    return answer


def problem(program: Program, method: str, path: str, *, status: int = 400, **more: Any) -> dict[str, str]:
    """The sentences of a problem by their pointers."""
    answer = program.send(method, path, status=status, **more).json
    return {error["pointer"]: error["detail"] for error in answer["errors"]}  # type: ignore[index]


@pytest.mark.spec("The API never returns raw key values -- only the encrypted reference is stored")
def test_a_secret_is_only_said_to_be_set(program: Program) -> None:
    stored = create(program, "One")
    assert stored["fields"]["provider_type"] == "openai"
    assert stored["fields"]["api_key"] == {"set": True, "updated_at": stored["updated_at"]}
    assert program.send("GET", f"/credentials/{stored['id']}", status=200).json == stored
    assert program.send("GET", "/credentials", status=200).json["items"] == [stored]  # type: ignore[index]


def test_a_change_needs_the_etag_and_keeps_what_is_blank_or_absent(program: Program, made: str) -> None:
    path = f"/credentials/{made}"
    program.send("PATCH", path, json={"name": "B"}, status=428)
    for stale in ('"7"', "x", 'W/"1"'):
        program.send("PATCH", path, json={"name": "B"}, headers={"If-Match": stale}, status=412)
    blank = {"name": "B", "expires": "2031-01-02", "fields": {"api_key": ""}}
    changed = program.send("PATCH", path, json=blank, headers={"If-Match": '"1"'}, status=200)
    assert changed.headers["ETag"] == '"2"'
    assert changed.json["expires_at"].startswith("2031-01-02")  # type: ignore[index]
    moved = {"fields": {"provider_type": "anthropic"}}
    assert set(problem(program, "PATCH", path, json=moved, headers={"If-Match": "*"})) == {"/fields/api_key"}
    fields = {"provider_type": "anthropic", "api_key": SECRET}
    new = {"fields": fields, "expires": None, "confirm_key_mismatch": True}
    fields = program.send("PATCH", path, json=new, headers={"If-Match": '"2"'}, status=200).json
    assert (fields["fields"]["provider_type"], fields["expires_at"]) == ("anthropic", None)  # type: ignore[index]
    program.send("PATCH", path, json=new, headers={"If-Match": '"2"'}, status=412)


def test_a_delete_looks_at_the_etag_where_it_is_sent(program: Program, made: str) -> None:
    path = f"/credentials/{made}"
    program.send("PATCH", path, json={"name": "B"}, headers={"If-Match": '"1"'}, status=200)
    for stale in ('"1"', "x", 'W/"2"'):
        program.send("DELETE", path, headers={"If-Match": stale}, status=412)
    for match in ({"If-Match": '"2"'}, {"If-Match": "*"}, {}):
        program.send("DELETE", path, headers=match, status=200)
        program.send("POST", f"{path}/restore", status=200)
    program.send("DELETE", path, status=200)
    program.send("DELETE", path, headers={"If-Match": '"2"'}, status=404)


def test_a_delete_that_an_edit_overtakes_is_refused(
    program: Program, made: str, stored_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The edit comes after the request was read, and right before the transaction of the deletion."""
    path, begun = f"/credentials/{made}", delete_restore.write_transaction

    def after_an_edit(*session: Any, **more: Any) -> Any:
        monkeypatch.setattr(delete_restore, "write_transaction", begun)
        with ThreadPoolExecutor(1) as pool:  # a session of its own
            edit = {"json": {"name": "B"}, "headers": {"If-Match": "*"}, "status": 200}
            pool.submit(program.send, "PATCH", path, **edit).result()
        return begun(*session, **more)

    monkeypatch.setattr(delete_restore, "write_transaction", after_an_edit)
    program.send("DELETE", path, headers={"If-Match": '"1"'}, status=412)
    assert program.send("GET", path, status=200).json["name"] == "B"  # type: ignore[index]
    program.send("DELETE", path, headers={"If-Match": '"2"'}, status=200)


def test_of_changes_at_once_with_one_etag_just_one_is_made(program: Program, made: str) -> None:
    path, barrier = f"/credentials/{made}", Barrier(4)

    def change(number: int) -> int:
        barrier.wait(timeout=10)
        more = {"method": "PATCH", "json": {"name": f"B{number}"}} if number % 2 else {"method": "DELETE"}
        headers = {"If-Match": '"1"', "Authorization": f"Bearer {program.token}"}
        return program.app.test_client().open(f"/api/v1{path}", headers=headers, **more).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(change, range(4)))
    assert statuses[0] == 200
    assert set(statuses[1:]) <= {404, 412}


@pytest.mark.parametrize(
    ("encoding", "status"), [("gzip", 415), ("br", 415), ("identity, gzip", 415), ("x", 415), ("Identity", 201)]
)
def test_an_encoded_body_is_refused(program: Program, encoding: str, status: int) -> None:
    program.send("POST", "/credentials", json=LLM, headers={"Content-Encoding": encoding}, status=status)


def test_every_wrong_field_is_told_at_its_place_and_nothing_is_repeated(program: Program) -> None:
    wrong = {"type": "llm", "name": "", "expires": "soon", "fields": {"provider_type": "x", "api_key": SECRET}}
    assert set(problem(program, "POST", "/credentials", json=wrong)) == {"/expires"}
    told = problem(program, "POST", "/credentials", json=wrong | {"expires": ""})
    assert set(told) == {"/name", "/fields/provider_type"}
    for unknown in ({SECRET: "x"}, {"provider_type": "openai", "api_key": [SECRET]}, [SECRET]):
        places = problem(program, "POST", "/credentials", json={"type": "llm", "name": "A", "fields": unknown})
        assert all(place.startswith("/fields") for place in places)
    assert set(problem(program, "POST", "/credentials", json={"type": SECRET})) == {"/type"}
    assert set(problem(program, "POST", "/credentials", json=[SECRET])) == {"/type"}
    for bad in (b"{", b'"\\ud800"', b"[" * 100_000):
        program.send("POST", "/credentials", data=bad, content_type="application/json", status=400)


@pytest.mark.parametrize(
    "query", ["", "?sort=name", "?sort=-created", "?type=llm&sort=-name", "?q=row", "?status=untested"]
)
def test_the_pages_of_the_list_are_the_whole_list(program: Program, query: str) -> None:
    for number in range(5):
        create(program, f"row {number}")
    seen, cursor = [], ""
    while True:
        more = "&" if query else "?"
        page = program.send("GET", f"/credentials{query}{more}limit=2{cursor}", status=200).json
        assert isinstance(page, dict)
        seen += [item["name"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    newest_first = [f"row {number}" for number in range(5)][::-1]
    assert seen == (
        newest_first
        if query in {"", "?sort=-created", "?type=llm&sort=-name", "?q=row", "?status=untested"}
        else newest_first[::-1]
    )


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "sort=x", "type=x", "status=x", "cursor=x", "nothing=1"])
def test_a_filter_that_makes_no_sense_is_refused(program: Program, query: str) -> None:
    assert problem(program, "GET", f"/credentials?{query}")


def test_a_lost_place_is_told(program: Program) -> None:
    ids = [create(program, f"row {number}")["id"] for number in range(3)]
    page = program.send("GET", "/credentials?sort=name&limit=1", status=200).json
    program.send("DELETE", f"/credentials/{ids[0]}", status=200)
    url = f"/credentials?sort=name&cursor={page['next_cursor']}"  # type: ignore[index]
    assert program.send("GET", url, status=410).json["code"] == "cursor-expired"  # type: ignore[index]


def test_what_is_used_is_deleted_only_by_force_and_comes_back(program: Program, made: str) -> None:
    reference = {"consumer": "workflow:42", "node": "n", "label": "Nightly", "link": "https://flows.example.com/42"}
    for _ in range(2):
        program.send("PUT", f"/credentials/{made}/references", json=reference, status=200)
    refused = program.send("DELETE", f"/credentials/{made}", status=409).json
    assert (refused["code"], refused["names"]) == ("in-use", ["Nightly"])  # type: ignore[index]
    program.send("POST", "/credentials/delete", json={"ids": [made]}, status=409)
    gone = program.send("POST", "/credentials/delete", json={"ids": [made], "force": True}, status=200).json
    program.send("DELETE", f"/credentials/{made}?force=true", status=404)
    program.send("GET", f"/credentials/{made}", status=404)
    batch = {"batch": gone["batch"]}  # type: ignore[index]
    assert program.send("POST", "/credentials/restore", json=batch, status=200).json == {"restored": 1}
    program.send("POST", "/credentials/restore", json=batch, status=404)
    listed = program.send("GET", f"/credentials/{made}/references", status=200).json
    assert (listed["total"], listed["consumers"]) == (1, 1)  # type: ignore[index]
    program.send("DELETE", f"/credentials/{made}?force=true", status=200)
    program.send("POST", f"/credentials/{made}/restore", status=200)
    other = create(program, "Other")["id"]
    moved = program.send("POST", f"/credentials/{made}/references/move", json={"to": other}, status=200).json
    assert moved == {"consumers": 1}
    one = {"consumer": "workflow:42", "node": "n"}
    for there in (True, False):
        removed = program.send("DELETE", f"/credentials/{other}/references", query_string=one, status=200).json
        assert removed == {"removed": there}
    program.send("DELETE", f"/credentials/{made}", status=200)


def test_an_actor_is_a_token_with_its_id_and_moves_need_the_scope_write(
    stored_app: Flask, token_of: Callable[..., str], program: Program, made: str
) -> None:
    other = create(program, "Other")["id"]
    use = {"consumer": "w", "node": "n"}
    program.send("PUT", f"/credentials/{made}/references", json=use, status=200)
    path = f"/credentials/{made}/references/move"
    Program(stored_app, token_of("read", "references")).send("POST", path, json={"to": other}, status=403)
    Program(stored_app, token_of("write")).send("POST", path, json={"to": other}, status=200)
    with stored_app.app_context():
        found = stored_app.extensions["credstore"].audit.page(AuditFilters()).entries
    assert [(one.act, one.actor) for one in found if one.act in {"create", "references moved"}] == [
        ("references moved", "token n8n (#3)"),
        *[("create", "token n8n (#1)")] * 2,
    ]


def test_a_consumer_replaces_all_its_references(program: Program, made: str) -> None:
    given = {"consumer": "w", "references": [{"credential": made, "node": node} for node in "ab"]}
    for nodes in ("ab", "ab"):
        answer = program.send("PUT", "/references", json=given, status=200).json
        assert [item["node"] for item in answer["items"]] == list(nodes)  # type: ignore[index]
    wrong = {"consumer": "w", "references": [{"credential": made, "link": "ftp://x"}]}
    assert set(problem(program, "PUT", "/references", json=wrong)) == {"/references/0/link"}
    assert program.send("GET", "/references?consumer=w", status=200).json == answer


def test_the_feed_tells_what_became_of_credentials(program: Program) -> None:
    begin = program.send("GET", "/changes", status=200).json
    made = create(program, "One")["id"]
    program.send("DELETE", f"/credentials/{made}", status=200)
    url = f"/changes?limit=1&cursor={begin['cursor']}"  # type: ignore[index]
    first = program.send("GET", url, status=200).json
    assert isinstance(first, dict)
    assert (first["items"][0]["action"], first["items"][0]["credential"], first["more"]) == ("created", made, True)
    rest = program.send("GET", f"/changes?cursor={first['cursor']}", status=200).json
    assert [one["action"] for one in rest["items"]] == ["deleted"]  # type: ignore[index]
    program.send("GET", "/changes?cursor=99999", status=410)


@pytest.mark.parametrize("at", ["", "/fields"])
def test_an_unknown_member_is_not_repeated_but_the_known_ones_are_named(program: Program, at: str) -> None:
    body = {"type": "telegram", "name": "One", "fields": {"bot_token": SECRET}}
    inner: Any = body["fields"] if at else body
    inner["CANARY-member"] = "CANARY-value"
    sentence = problem(program, "POST", "/credentials", json=body)[at]
    known = "bot_token" if at else "type, fields, name, expires"
    assert sentence.startswith(f"There is a member here that is not known. These are known: {known}")
    assert "CANARY" not in sentence


def test_a_test_and_its_history(program: Program, made: str) -> None:
    """No address is allowed here, so that the outcome is that nothing was sent."""
    draft = {"type": "llm", "fields": {"provider_type": "openai_compatible", "base_url": "http://192.0.2.1/v1"}}
    found = program.send("POST", "/credentials/test", json=draft | {"credential": made}, status=400).json
    assert found["errors"][0]["pointer"] == "/fields/api_key"  # type: ignore[index]
    draft["fields"]["api_key"] = SECRET  # type: ignore[index]
    assert program.send("POST", "/credentials/test", json=draft, status=200).json["outcome"] == "blocked"  # type: ignore[index]
    stored = create(program, "Local", fields=draft["fields"])["id"]
    tested = program.send("POST", f"/credentials/{stored}/test", status=200).json
    assert program.send("GET", f"/credentials/{stored}/verdicts", status=200).json["items"][0] == tested  # type: ignore[index]
    assert program.send("GET", f"/credentials/{stored}/models", status=200).json["items"] == []  # type: ignore[index]
    program.send("POST", "/credentials/test", json={"type": "llm", "fields": {}}, status=400)
