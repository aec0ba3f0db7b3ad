"""Use: the values of a credential for another process, encrypted to the public key of its machine token."""

from collections.abc import Sequence
from typing import Any

from credstore import envelope
from credstore.credential_values import CredentialValues
from credstore.vault.resolve import Resolver


class Use:
    """No value leaves in clear, and none before its use is noted."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    def use(
        self,
        name_or_id: str,
        *,
        token: str,
        public_key: bytes,
        consumer: str,
        node: str = "",
        nonce: str = "",
        read: Sequence[Any] = (),
    ) -> dict[str, Any]:
        """The envelope of a credential's values, bound to the token, to the credential, to its version and to `nonce`.

        `token` is the machine token as it was sent, `public_key` the 32 bytes that are registered with it, `nonce` what
        the client chose for this request, "" for nothing. `read` is what `resolve.READ_BESIDE` has read of the
        credential in this request, if it has. Raises NotFound, Locked, Unreadable, or StorageError where
        the use cannot be noted; Refused for a key that protects nothing.
        """
        values = self._resolver.resolve_noted(name_or_id, consumer=consumer, node=node, read=read)
        token_id = envelope.token_id(token)
        binding = envelope.Binding(token=token_id, credential=values.id, version=values.version, nonce=nonce)
        return envelope.seal(_content(values), public_key, binding)


def _content(values: CredentialValues) -> dict[str, Any]:
    return {
        "name": values.name,
        "type": values.kind,
        "secret_fields": list(values.secret_fields),
        "values": values.reveal(),
    }
