"""The client of credstore's API, for platforms in other processes. Needs requests and cryptography, and no Flask.

with Client(ClientSettings.from_env(os.environ)) as credstore:
    values = credstore.use("OpenAI production", consumer="workflow:42", node="ask the model")
"""

from credstore.client.client import Client
from credstore.client.records import CredentialSummary, Reference
from credstore.client.settings import ClientSettings
from credstore.credential_values import CredentialValues
from credstore.envelope import read_private_key

__all__ = ["Client", "ClientSettings", "CredentialSummary", "CredentialValues", "Reference", "read_private_key"]
