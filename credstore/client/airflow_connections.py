"""What a credential is as a connection of Apache Airflow: the members of its JSON form. Pure.

Source: https://airflow.apache.org/docs/apache-airflow/stable/howto/connection.html
"""

from typing import Any

from credstore.credential_values import CredentialValues, json_object

_NAMES = {"url": "host", "username": "login", "user": "login", "token": "password"}
_OWN = {"conn_type", "description", "host", "login", "password", "schema", "port", "extra"}


def connection_of(values: CredentialValues) -> dict[str, Any]:
    """LLM and Telegram: the secret is the password. Git and Tool: the keys of Extra Config, unknown ones as extra.

    An Extra Config that was imported from Airflow becomes the same connection again.
    """
    if values.kind not in {"git", "tool"}:
        return _of_fields(values)
    config = json_object(values.get("extra_config"))
    if "conn_type" in config:
        return {name: value for name, value in config.items() if name in _OWN and value not in ("", None)}
    known = {_NAMES[name]: value for name, value in config.items() if name in _NAMES and isinstance(value, str)}
    extra = {name: value for name, value in config.items() if name not in _NAMES or not isinstance(value, str)}
    return {"conn_type": "git" if values.kind == "git" else "http", **known, **({"extra": extra} if extra else {})}


def _of_fields(values: CredentialValues) -> dict[str, Any]:
    provider = str(values.get("provider_type") or values.kind)
    found = {"conn_type": "openai" if provider == "openai_compatible" else provider, "password": values.text()}
    if values.get("base_url"):
        found["host"] = str(values["base_url"])
    taken = {*values.secret_fields, "provider_type", "base_url"}
    extra = {name: value for name, value in values.reveal().items() if name not in taken and value}
    return {**found, **({"extra": extra} if extra else {})}
