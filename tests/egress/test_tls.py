"""TLS: only a certificate of a known authority, for this host, valid today, gets a request."""

from pathlib import Path

import pytest
from cryptography import x509

from credstore.egress import OutboundClient, Policy
from credstore.errors import Unreached
from tests.egress.certificates import DAY, NOW, Issue, self_signed
from tests.egress.conftest import Get, Serve
from tests.egress.hostile import Call, header, reply


def answer(call: Call) -> None:
    call.send(reply(body=b"{}"))


def client(ca_file: Path | None = None) -> OutboundClient:
    return OutboundClient(Policy.parse([], loopback_open=True), ca_file=ca_file)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_good_certificate_gets_the_request(host: str, authority: tuple[Path, Issue], serve: Serve, get: Get) -> None:
    root, issue = authority
    server = serve(answer, tls=issue())
    assert get(f"https://{host}:{server.port}/", client=client(root)).json == {}
    assert header(server.requests[0], "host") == f"{host}:{server.port}"


def test_the_name_is_told_in_the_handshake(authority: tuple[Path, Issue], serve: Serve, get: Get) -> None:
    root, issue = authority
    context, names = issue(), []
    context.sni_callback = lambda sock, name, old: names.append(name)
    get(f"https://localhost:{serve(answer, tls=context).port}/", client=client(root))
    assert names == ["localhost"]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"end": NOW - DAY}, "localhost has expired"),
        ({"end": NOW + 30 * DAY}, "localhost is not valid yet"),
        ({"sans": [x509.DNSName("other.example")]}, "localhost belongs to another host name"),
        ({"sans": [x509.DNSName("localhost")]}, "127.0.0.1 does not name this address"),
    ],
)
def test_a_wrong_certificate_is_told_in_words_and_gets_nothing(
    options: dict[str, object], problem: str, authority: tuple[Path, Issue], serve: Serve, get: Get
) -> None:
    root, issue = authority
    host = problem.split(maxsplit=1)[0]
    server = serve(answer, tls=issue(**options))
    with pytest.raises(Unreached) as caught:
        get(f"https://{host}:{server.port}/", client=client(root), headers={"Authorization": "Bearer sk-canary"})
    assert caught.value.cause == "certificate"
    assert caught.value.sentence == f"The TLS certificate of {problem}."
    assert caught.value.advice
    assert server.requests == []


def test_an_unknown_authority_is_told(authority: tuple[Path, Issue], serve: Serve, get: Get) -> None:
    _root, issue = authority
    with pytest.raises(Unreached) as caught:
        get(f"https://localhost:{serve(answer, tls=issue()).port}/")
    assert caught.value.cause == "certificate"
    assert "authority that is not known" in caught.value.sentence


def test_a_self_signed_certificate_is_told(tmp_path: Path, serve: Serve, get: Get) -> None:
    with pytest.raises(Unreached) as caught:
        get(f"https://localhost:{serve(answer, tls=self_signed(tmp_path)).port}/")
    assert caught.value.cause == "certificate"
    assert "self-signed" in caught.value.sentence


def test_a_server_without_tls_is_told(serve: Serve, get: Get) -> None:
    server = serve(lambda call: call.send(b"HTTP/1.1 400 Bad Request\r\n\r\n"), reads=False)
    with pytest.raises(Unreached) as caught:
        get(f"https://127.0.0.1:{server.port}/")
    assert caught.value.cause == "protocol"
    assert "http://" in caught.value.advice


def test_a_handshake_that_is_cut_is_a_reset(serve: Serve, get: Get) -> None:
    with pytest.raises(Unreached) as caught:
        get(f"https://127.0.0.1:{serve(lambda call: None, reads=False).port}/")
    assert caught.value.cause == "reset"


def test_a_handshake_that_hangs_ends_at_the_deadline(serve: Serve, get: Get) -> None:
    with pytest.raises(Unreached) as caught:
        get(f"https://127.0.0.1:{serve(Call.hang).port}/", seconds=0.5)
    assert caught.value.cause == "timeout"
    assert "complete the TLS handshake" in caught.value.sentence
    assert caught.value.__context__ is None


def test_a_body_that_drips_through_tls_ends_at_the_deadline(
    authority: tuple[Path, Issue], serve: Serve, get: Get
) -> None:
    root, issue = authority

    def drip(call: Call) -> None:
        call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        call.drip(b" " * 1000)

    with pytest.raises(Unreached) as caught:
        get(f"https://localhost:{serve(drip, tls=issue()).port}/", client=client(root), seconds=0.7)
    assert caught.value.cause == "timeout"
    assert "finish its answer" in caught.value.sentence


def test_session_keys_are_not_written_to_a_file(
    authority: tuple[Path, Issue], serve: Serve, get: Get, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    root, issue = authority
    server = serve(answer, tls=issue())
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys.log"))
    get(f"https://localhost:{server.port}/", client=client(root))
    assert not (tmp_path / "keys.log").exists()
