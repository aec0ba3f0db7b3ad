"""Mail over real sockets: how it is handed over, what it says, and what is said when it is not taken."""

import logging
import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509

from credstore.errors import NotSent
from credstore.notices.mail import Mail
from credstore.notices.message import Change, compose
from credstore.smtp_server import SmtpServer
from tests.egress.certificates import Issue, new_authority, self_signed
from tests.fixtures.mail import PASSWORD, USERNAME, MailServer, RunMail
from tests.notices.conftest import change

TO = ("bob@mail.test", "eve@mail.test")
LOGIN = f"{quote(USERNAME, safe='')}:{quote(PASSWORD, safe='')}@"
MESSAGE = compose("4a5b", [change("failed", name="Prod · é"), change("expires")], {"failed": 1, "expires": 205})


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Issue]:
    return new_authority(tmp_path_factory.mktemp("authority"))


def send(url: str, ca_file: Path | None = None, seconds: float = 5.0) -> None:
    Mail(SmtpServer.parse(url), TO, ca_file=ca_file, seconds=seconds).send(MESSAGE)


def taken_by(server: MailServer) -> None:
    (mail,) = server.mails
    assert (mail.sender, mail.receivers) == ("credstore@mail.test", TO)
    assert mail.message["Subject"] == "credstore: 1 credential turned red, 205 credentials end soon"
    assert (mail.message["To"], mail.message["Message-ID"]) == (", ".join(TO), "<4a5b@mail.test>")
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert "- Prod · é (LLM): Rejected, before: Verified, 2026-11-26 21:00 UTC. It was refused." in mail.text
    assert "ends on 2026-12-01." in mail.text
    assert "And 204 more" in mail.text


@pytest.mark.parametrize("scheme", ["smtps", "smtp", "smtp-plain"])
@pytest.mark.parametrize("sign_in", [False, True], ids=["open", "with a password"])
def test_a_mail_is_handed_over_as_the_url_says(
    authority: tuple[Path, Issue], mail_server: RunMail, scheme: str, sign_in: bool
) -> None:
    roots, issue = authority
    secure = {"smtps": {"tls": issue()}, "smtp": {"starttls": issue()}, "smtp-plain": {}}[scheme]
    server = mail_server(sign_in=sign_in, **secure)
    send(server.url(scheme, LOGIN if sign_in else ""), roots)
    taken_by(server)
    assert (server.mails[0].encrypted, server.mails[0].signed_in) == (scheme != "smtp-plain", sign_in)


REFUSALS = {
    "greeting": ({"CONNECT": "554 no"}, "refused the mail (554)"),
    "no mail server": ({"CONNECT": "HTTP/1.1 400 Bad Request"}, "mail server 127.0.0.1"),
    "sender": ({"MAIL": "550 no"}, "refused the sender credstore@mail.test (550)"),
    "receivers": ({"RCPT": "550 unknown"}, "refused all receivers"),
    "data": ({"DATA": "451 later"}, "refused the mail (451)"),
    "content": ({"END": "554 spam"}, "refused the mail (554)"),
    "reset": ({"MAIL": "reset"}, "closed the connection before"),
    "closed": ({"DATA": "close"}, "closed the connection before"),
    "closed at once": ({"CONNECT": "close"}, "closed the connection before"),
    "hangs at once": ({"CONNECT": "hang"}, "did not answer on port"),
    "hangs late": ({"END": "hang"}, "did not answer on port"),
    "drips": ({"CONNECT": "drip"}, "did not answer on port"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_went_wrong_is_said_in_time(mail_server: RunMail, name: str) -> None:
    answers, words = REFUSALS[name]
    started = time.monotonic()
    with pytest.raises(NotSent) as caught:
        send(mail_server(answers=answers).url("smtp-plain"), seconds=0.6)
    assert words in caught.value.sentence
    assert time.monotonic() - started < 3
    assert caught.value.__context__ is None


def test_one_refused_receiver_keeps_no_mail_from_the_others(
    mail_server: RunMail, caplog: pytest.LogCaptureFixture
) -> None:
    server = mail_server(answers={"rcpt TO:<bob@mail.test>": "550 unknown bob@mail.test"})
    send(server.url("smtp-plain"))
    assert server.mails[0].receivers == TO[1:]
    assert "refused 1 of 2 receivers" in caplog.text
    assert "bob" not in caplog.text


def test_nothing_is_sent_without_the_protection_that_the_url_asks_for(
    tmp_path: Path, authority: tuple[Path, Issue], mail_server: RunMail
) -> None:
    roots, issue = authority
    named = [x509.DNSName("other.test")]
    none, unknown = mail_server(sign_in=True), mail_server(sign_in=True, starttls=self_signed(tmp_path))
    other, closed = mail_server(tls=issue(sans=named)), mail_server()
    cases = [
        (none.url("smtp", LOGIN), "offers no STARTTLS"),
        (none.url("smtps", LOGIN), "speaks no TLS on port"),
        (unknown.url("smtp", LOGIN), "TLS certificate of 127.0.0.1"),
        (other.url("smtps", LOGIN), "does not name this address"),
        (closed.url("smtp-plain", LOGIN), "offers no STARTTLS or no sign-in"),
    ]
    for url, words in cases:
        with pytest.raises(NotSent) as caught:
            send(url, roots, seconds=2.0)
        assert words in caught.value.sentence
    assert not any(server.mails for server in (none, unknown, other, closed))


def test_no_password_is_in_a_sentence_a_repr_or_the_log(mail_server: RunMail, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server = mail_server(sign_in=True)
    parsed = replace(SmtpServer.parse(server.url("smtp-plain", LOGIN)), password="CANARY wrong")
    with pytest.raises(NotSent, match="user name or the password") as caught:
        Mail(parsed, TO).send(MESSAGE)
    seen = f"{caught.value!r} {caught.getrepr(style='long')} {parsed!r} {Mail(parsed, TO)!r} {caplog.text}"
    assert "CANARY wrong" not in seen.replace('password="CANARY wrong"', "")
    assert PASSWORD not in repr(SmtpServer.parse(server.url("smtp-plain", LOGIN)))


def test_an_address_that_nobody_listens_on_and_a_name_that_is_none(mail_server: RunMail) -> None:
    with MailServer() as gone:
        url = gone.url("smtp-plain")
    with pytest.raises(NotSent, match="refused the connection on port"):
        send(url)
    with pytest.raises(NotSent, match="mail server was not found"):
        send("smtp://nowhere.invalid")


@pytest.mark.parametrize(
    "url",
    [
        "smtp://", "smtp://mail.test/path", "smtp://mail.test:0", "smtp://mail.test:x", "smtp://mail.test#a",
        "http://mail.test", "smtp://user@mail.test", "smtp://:p@mail.test", "smtp://mail.test?to=a@b.test",
        "smtp://mail.test?from=nobody", "smtp://mail.test?from=a@b.test%0d%0aBcc:x@y.test", "smtp://ma il.test",
        "smtp-plain://u:p@mail.test", "smtp://mail.test?", "smtp://ü:p@mail.test", "smtp://u:p%C3%BC@mail.test",
        "smtps://mail.test?from=a@b.test&from=c@d.test&x", "mail.test", "",
    ],
)  # fmt: skip
def test_a_malformed_url_is_refused(url: str) -> None:
    if url == "smtp://mail.test?":
        assert SmtpServer.parse(url).sender == "credstore@mail.test"
        return
    with pytest.raises(ValueError):  # noqa: PT011 - a parser of settings raises no other
        SmtpServer.parse(url)


def test_a_change_is_one_line_whatever_its_name_is() -> None:
    names = ["a\r\nBcc: x@y.test", "a\u2028b", "\x1b[31mred", "sk-proj-0123456789abcdef0123"]
    for name in names:
        told = Change(**{**vars_of(change("failed")), "name": name}).as_json()["name"]
        assert told.isprintable()
        assert "sk-proj" not in told


def vars_of(one: Change) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__slots__}
