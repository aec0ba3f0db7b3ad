"""Where the client finds its server, its token and its private key: arguments, or variables of the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from credstore.envelope import read_private_key
from credstore.errors import ConfigError, Refused
from credstore.loopback import is_loopback

URL, TOKEN, PRIVATE_KEY = "CREDSTORE_URL", "CREDSTORE_TOKEN", "CREDSTORE_PRIVATE_KEY"
VARIABLES = (URL, TOKEN, PRIVATE_KEY)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """`private_key` opens what `use` answers. `allow_http` permits to send the token unencrypted to other machines."""

    url: str
    token: str = field(repr=False)
    private_key: X25519PrivateKey | None = field(default=None, repr=False)
    ca_bundle: Path | None = None
    allow_http: bool = False

    def __post_init__(self) -> None:
        """Raises ConfigError where the URL cannot be used as it is."""
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise ConfigError("The URL of credstore is not of the form https://host or https://host/path.")
        if parts.username is not None:
            raise ConfigError("The URL of credstore must not hold a user name or password.")
        if parts.scheme == "http" and not (self.allow_http or is_loopback(parts.hostname)):
            raise ConfigError(
                "The URL of credstore is plain http to another machine: the token could be read on its way. Use https."
            )
        if not self.token.isascii() or not self.token.isprintable() or not self.token.strip():
            raise ConfigError("The token of credstore is empty or has characters that no header can have.")

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> "ClientSettings":
        """CREDSTORE_URL, CREDSTORE_TOKEN and CREDSTORE_PRIVATE_KEY; the last two also as NAME_FILE.

        CREDSTORE_CA_BUNDLE and CREDSTORE_ALLOW_HTTP mean what they mean to the server. Raises ConfigError naming the
        variable, never its value.
        """
        url, token = environment.get(URL, "").strip(), _read(environment, TOKEN)
        if not url or not token:
            raise ConfigError(f"{URL if not url else TOKEN} is not set.")
        key = _read(environment, PRIVATE_KEY)
        ca_bundle = environment.get("CREDSTORE_CA_BUNDLE")
        try:
            private_key = read_private_key(key) if key else None
        except Refused as refusal:
            raise ConfigError(f"{PRIVATE_KEY} cannot be used. {refusal.sentence}") from None
        return cls(
            url=url,
            token=token,
            private_key=private_key,
            ca_bundle=Path(ca_bundle) if ca_bundle else None,
            allow_http=environment.get("CREDSTORE_ALLOW_HTTP", "").lower() in {"1", "true", "yes", "on"},
        )


def _read(environment: Mapping[str, str], name: str) -> str:
    path = environment.get(f"{name}_FILE")
    if not path:
        return environment.get(name, "").strip()
    if environment.get(name):
        raise ConfigError(f"Both {name} and {name}_FILE are set. Keep one of them.")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):  # without the path: somebody may have put the secret itself into NAME_FILE
        raise ConfigError(f"The file named by {name}_FILE cannot be read.") from None
