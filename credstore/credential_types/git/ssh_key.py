"""Judges an SSH private key by its form alone. Pure; the key is sent nowhere, so the result can never be green.

A key that cannot be read is rejected: no server can accept it. Everything else is "cannot tell".
"""

import base64
import hashlib
import re

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from credstore.probe import Outcome, Verdict

_BEGIN = re.compile(
    r"-----BEGIN (?:(?P<openssh>OPENSSH )|[A-Z0-9]+ |ENCRYPTED )?PRIVATE KEY-----(?P<next>.?)", re.DOTALL
)
_NEW_KEY = "Paste the whole private key file, with its line breaks as \\n, into “ssh_key”."


def check_ssh_key(text: str) -> Verdict:
    """The verdict on a private key in PEM or OpenSSH form."""
    begin = _BEGIN.search(text)
    if begin is None:
        return _rejected(_other_form(text))
    if begin["next"] not in {"\n", "\r"}:
        return _rejected("has lost its line breaks, and ssh does not read it without them")
    load = serialization.load_ssh_private_key if begin["openssh"] else serialization.load_pem_private_key
    try:
        key = load(text.encode(), None)
        public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        return _well_formed("is well formed", _fingerprint(public.split()[1]), text)
    except TypeError:  # how cryptography says that a password is needed
        return _well_formed("is well formed, and encrypted: it needs its passphrase wherever it is used", "", text)
    except UnsupportedAlgorithm:
        return _well_formed("has the form of a key, of a type that credstore does not know", "", text)
    except ValueError:
        return _rejected("cannot be read: it is cut short or damaged")


def _other_form(text: str) -> str:
    if re.match(r"\s*(?:ssh-|ecdsa-|sk-)\S+ AAAA|\s*-----BEGIN (?:RSA |SSH2 )?PUBLIC KEY", text):
        return "is the public half of a key; the private one is needed"
    if text.lstrip().startswith("PuTTY-User-Key-File"):
        return "is a key of PuTTY; git needs it exported in OpenSSH form"
    return "is not a private key in PEM or OpenSSH form"


def _fingerprint(public: bytes) -> str:
    digest = hashlib.sha256(base64.b64decode(public)).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def _well_formed(what: str, fingerprint: str, text: str) -> Verdict:
    ended = "" if text.endswith("\n") else "no line break at its end, which OpenSSH wants there"
    return Verdict(
        outcome=Outcome.CANNOT_TELL,
        reason=f"The SSH key {what}. It is not tried against the server.",
        advice="Try it with git. Its fingerprint shows which key this is." if fingerprint else "Try it with git.",
        facts=tuple(filter(None, (fingerprint, ended))),
    )


def _rejected(what: str) -> Verdict:
    return Verdict(outcome=Outcome.REJECTED, reason=f"The SSH key {what}. No server was asked.", advice=_NEW_KEY)
