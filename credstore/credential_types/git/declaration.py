"""Declares the Git credential type: repository access, configured via Extra Config, and what of it can be tested."""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from credstore.credential_types.base import ConfigKey, CredentialType, Field, Values
from credstore.credential_types.contradictions import without_pass_after_contradiction
from credstore.credential_types.git import http_check, verdicts
from credstore.credential_types.git.smart_http import Repository
from credstore.errors import Refused
from credstore.probe import Probe, openness_of, probe_without_requests
from credstore.urls import canonical_url, shown_location

# What goes as the user name beside a token where none is given; most hosts look at the token alone.
_USERNAMES = {"github.com": "x-access-token", "gitlab.com": "oauth2", "bitbucket.org": "x-token-auth"}
_BITBUCKET_API_TOKEN = "ATATT"  # noqa: S105 - how those begin


class Git(CredentialType):
    slug: ClassVar[str] = "git"
    test_uses: ClassVar[bool] = True
    label: ClassVar[str] = "Git"
    summary: ClassVar[str] = "Git repository access"
    fields: ClassVar[tuple[Field, ...]] = (
        Field(
            name="extra_config",
            label="Extra Config",
            required=True,
            secret=True,
            form="json",
            max_length=20_000,
            hint=(
                "A JSON object. A URL, a git clone command or a private key alone becomes one. It is encrypted whole; "
                "only the result of a test names the URL that was asked."
            ),
            example=(
                '{\n  "url": "https://git.example.com/team/repo.git",\n'
                '  "username": "deploy",\n  "token": "paste-the-token-here"\n}'
            ),
            guided=(
                Field(
                    name="extra_config_url",
                    label="URL",
                    key="url",
                    form="url",
                    required=True,
                    hint="The repository. A git clone command will do.",
                    placeholder="https://git.example.com/team/repo.git",
                ),
                Field(
                    name="extra_config_username",
                    label="User",
                    key="username",
                    hint="The user name. Many hosts look at the token alone.",
                ),
                Field(
                    name="extra_config_token",
                    label="Token",
                    key="token",
                    required=True,
                    secret=True,
                    hint="An access token or password. For a private key, use the JSON.",
                ),
            ),
            keys=(
                ConfigKey(name="url", about="the repository, over https or ssh", kind="url", secret=False),
                ConfigKey(name="username", about="the user name; many hosts ignore it", secret=False),
                ConfigKey(name="token", about="an access token or password"),
                ConfigKey(name="ssh_key", about="a private key in PEM or OpenSSH form, instead of a token"),
            ),
        ),
    )

    @classmethod
    def config_detail(cls, config: Mapping[str, Any]) -> tuple[str, ...]:
        """Host and path of the repository."""
        return tuple(filter(None, [shown_location(str(config.get("url", ""))).removesuffix(".git")]))

    @classmethod
    def validate(cls, values: Values, held: Collection[str]) -> dict[str, str]:  # noqa: ARG003
        config = _config(values)
        for name in ("username", "token"):
            if re.search(r"^\s|\s$|[\x00-\x1f\x7f]", config.get(name, "")):
                return {"extra_config": f"“{name}” has a space at an end, a line break or a control character in it."}
        if ":" in config.get("username", ""):
            return {"extra_config": "“username” cannot contain a colon: git sends name and token with one between."}
        url = config.get("url", "")
        if url.startswith(("http://", "https://")):
            if re.match(r"https?://[^/?#]*@", url):
                return {"extra_config": "Leave name and password out of “url”; put them into “username” and “token”."}
            try:
                canonical_url(url)
            except Refused as refusal:
                return {"extra_config": f"“url”: {refusal.sentence}"}
        return {}

    @classmethod
    def texts_to_redact(cls, secrets: Values) -> set[str]:
        config = _config(secrets)
        pair = {f"{_username(config)}:{config['token']}"} if config.get("token") else set()
        return super().texts_to_redact(secrets) | pair

    @classmethod
    def tested_url(cls, secrets: Values) -> str:
        url = str(_config(secrets).get("url", ""))
        return canonical_url(url) if url.startswith(("http://", "https://")) else ""

    @classmethod
    def probe(cls, values: Values) -> Probe:
        config = _config(values)
        url, over_http = config.get("url", ""), config.get("url", "").startswith(("http://", "https://"))
        if over_http and (config.get("token") or not config.get("ssh_key")):
            repo = Repository(url=canonical_url(url), username=_username(config), token=config.get("token", ""))
            known = openness_of(values.get("host_openness"))
            return without_pass_after_contradiction(http_check.check_repository(repo, known), repo.host, known)
        if config.get("ssh_key"):
            # Here, since a process that tests no such key does not need what reads it: 500 kB.
            from credstore.credential_types.git.ssh_key import check_ssh_key

            return probe_without_requests(check_ssh_key(config["ssh_key"]))
        if url:
            why = "over ssh only an “ssh_key” counts, and this credential has none."
            return probe_without_requests(
                verdicts.nothing_to_test(why, "Add “ssh_key”, or use the https URL together with a “token”.")
            )
        why = "this credential has neither a “url” with a “token” nor an “ssh_key”."
        return probe_without_requests(
            verdicts.nothing_to_test(why, "Add “url” and “token” to Extra Config, then test again.")
        )


def _config(values: Values) -> dict[str, Any]:
    return json.loads(values["extra_config"]) if "extra_config" in values else {}


def _username(config: dict[str, Any]) -> str:
    if given := str(config.get("username", "")):
        return given
    host = (re.match(r"https?://([^/:?#]+)", config.get("url", "").lower()) or ("", ""))[1]
    if host == "bitbucket.org" and config.get("token", "").startswith(_BITBUCKET_API_TOKEN):
        return "x-bitbucket-api-token-auth"
    return _USERNAMES.get(host, "git")
