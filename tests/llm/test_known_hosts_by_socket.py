"""The table of known hosts once more, over real sockets: HTTP and TLS servers, the real client, the real tester."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509

from credstore.credential_types.llm.providers import Access, by_slug
from credstore.egress import OutboundClient, Policy, dialer
from credstore.egress.address_table import Address, parse_address
from credstore.probe import ProbeRequest, ProbeResponse
from credstore.tester import Tester
from tests.egress.certificates import new_authority
from tests.egress.hostile import Call, Hostile, reply
from tests.llm.fake_host import KEY, WRONG, FakeHost
from tests.llm.test_known_hosts import CASES, ROWS, expected

PUBLIC = parse_address("93.184.216.34")  # what every name resolves to here; nothing is ever sent there


class Stage:
    """Plays one row in one situation, at any host name, over http and https."""

    row: FakeHost
    situation: str

    def __init__(self, folder: Path, running: ExitStack, patch: pytest.MonkeyPatch) -> None:
        names = sorted({urlsplit(url).hostname or "" for row in ROWS for url in (row.base, row.elsewhere)})
        root, issue = new_authority(folder)
        tls = issue(sans=[x509.DNSName(name) for name in names if not parse_address(name)])
        self._ports = {
            "https": running.enter_context(Hostile(self.play("https"), tls=tls)).port,
            "http": running.enter_context(Hostile(self.play("http"))).port,
        }
        connected = dialer._connect

        def redirected(_address: Address, port: int, seconds: float) -> Any:
            here = parse_address("127.0.0.1")
            assert here is not None
            return connected(here, self._ports["https" if port == 443 else "http"], seconds)

        patch.setattr(dialer, "_connect", redirected)
        assert PUBLIC is not None
        policy = Policy.parse(["10.0.0.0/8"], loopback_open=True)
        # One for all, as a service has it: it reads the roots that it trusts once.
        self.client = OutboundClient(policy, resolve=lambda host, port, *, deadline: [PUBLIC], ca_file=root)

    def play(self, scheme: str) -> Any:
        def behave(call: Call) -> None:
            head, _, body = call.request.decode().partition("\r\n\r\n")
            line, *fields = head.split("\r\n")
            headers = {name.lower(): value for name, _, value in (field.partition(": ") for field in fields)}
            method, target, _ = line.split(" ")
            url = f"{scheme}://{headers['host']}{target}"
            asked = ProbeRequest(purpose="", method="POST" if method == "POST" else "GET", url=url, headers=headers)
            assert body in {"", "{}"}
            call.send(spoken(self.row.answer(asked, self.situation)))

        return behave


def spoken(answer: ProbeResponse) -> bytes:
    body = b"" if answer.json is None else json.dumps(answer.json).encode()
    headers = {name.replace("-", "_"): value for name, value in answer.headers.items()}
    return reply(f"{answer.status} So", answer.body_start or body, **headers)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with ExitStack() as running, pytest.MonkeyPatch.context() as patch:
        yield Stage(tmp_path_factory.mktemp("authority"), running, patch)


@pytest.mark.parametrize(("row", "situation"), CASES)
def test_the_documented_verdict_over_real_sockets(stage: Stage, row: FakeHost, situation: str) -> None:
    stage.row, stage.situation = row, situation
    key = WRONG if situation == "wrong" else KEY
    vendor = by_slug(row.provider)
    assert vendor is not None
    base = row.elsewhere if situation == "missing path" else row.base
    verdict = Tester(stage.client, seconds=5).run(vendor.probe(Access(api_key=key, base_url=base)), {key})
    assert verdict.outcome is expected(row, situation), verdict
    assert 1 <= len(verdict.steps) <= 4
    assert key not in repr(verdict)
