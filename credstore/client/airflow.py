"""A secrets backend of Apache Airflow: connections and variables are credentials, by their names.

    [secrets]
    backend = credstore.client.airflow.CredstoreBackend
    backend_kwargs = {"connections_prefix": "airflow/", "variables_prefix": "airflow-variables/"}

Source: https://airflow.apache.org/docs/apache-airflow/stable/security/secrets/secrets-backend/index.html
"""

import json
import os
from functools import cached_property

from airflow.secrets.base_secrets import BaseSecretsBackend

from credstore.client.airflow_connections import connection_of
from credstore.client.client import Client
from credstore.client.settings import ClientSettings
from credstore.credential_values import CredentialValues
from credstore.errors import NotFound


class CredstoreBackend(BaseSecretsBackend):  # type: ignore[misc]  # Airflow is not there where this is checked
    """The settings of the client come from the environment: CREDSTORE_URL, CREDSTORE_TOKEN, CREDSTORE_PRIVATE_KEY.

    A connection is the credential whose name is the prefix and the connection's id, a variable likewise. A prefix of
    None asks credstore for none of them. What credstore does not have, Airflow looks for elsewhere.
    """

    def __init__(self, connections_prefix: str | None = "", variables_prefix: str | None = None) -> None:
        super().__init__()
        self.connections_prefix = connections_prefix
        self.variables_prefix = variables_prefix

    @cached_property
    def _client(self) -> Client:
        """Made at the first use: Airflow makes the backend in processes that ask for nothing."""
        return Client(ClientSettings.from_env(os.environ))

    def get_conn_value(self, conn_id: str, team_name: str | None = None) -> str | None:  # noqa: ARG002
        """The connection in Airflow's JSON form, None where there is no such credential."""
        values = self._values(self.connections_prefix, conn_id, "connection")
        return None if values is None else json.dumps(connection_of(values))

    def get_variable(self, key: str, team_name: str | None = None) -> str | None:  # noqa: ARG002
        """The main secret of the credential, None where there is none."""
        values = self._values(self.variables_prefix, key, "variable")
        return None if values is None else values.text()

    def _values(self, prefix: str | None, name: str, what: str) -> CredentialValues | None:
        if prefix is None:
            return None
        try:
            return self._client.use(f"{prefix}{name}", consumer="Airflow", node=f"{what} {name}")
        except NotFound:
            return None
