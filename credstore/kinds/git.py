"""Declares the Git credential type: repository access, configured via Extra Config."""

from typing import ClassVar

from credstore.kinds.base import ConfigKey, Field, Kind


class Git(Kind):
    slug: ClassVar[str] = "git"
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
            hint="A JSON object. It is sealed whole: nothing of it is shown again.",
            example=(
                '{\n  "url": "https://git.example.com/team/repo.git",\n'
                '  "username": "deploy",\n  "token": "paste-the-token-here"\n}'
            ),
            keys=(
                ConfigKey(name="url", about="the repository, over https or ssh", kind="url"),
                ConfigKey(name="username", about="the user name; many hosts ignore it"),
                ConfigKey(name="token", about="an access token or password"),
                ConfigKey(name="ssh_key", about="a private key in PEM or OpenSSH form, instead of a token"),
            ),
        ),
    )
