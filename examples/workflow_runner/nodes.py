"""Runs the nodes of a workflow. Each asks credstore for its credential at the moment of the call."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests
from flask import current_app

from credstore.errors import CredstoreError, NotFound
from examples.workflow_runner.models import Node, Workflow

SECONDS = 10  # for one call


class NodeError(Exception):
    """`sentence` is for the user: it names the credential, and holds nothing of an answer or of an exception."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class Kind:
    """What a node does. `credential_type` is credstore's; `call` gets the values, the node's text and the input."""

    title: str
    credential_type: str
    label: str
    call: Callable[[Mapping[str, Any], str, str], str]


@dataclass(frozen=True)
class Result:
    """`outcome` is Done, Error or Skipped; `text` is what the node gave, or a sentence that says why not."""

    outcome: str
    text: str


def run(workflow: Workflow) -> dict[str, Result]:
    """The result of each node, by its kind. The text of one node is the input of the next."""
    results: dict[str, Result] = {}
    text = ""
    for node in workflow.nodes:
        try:
            text = run_node(workflow, node, text)
            results[node.kind] = Result("Done", text)
        except NothingGiven:
            results[node.kind] = Result("Skipped", "There was nothing to send.")
        except NodeError as error:
            text = ""
            results[node.kind] = Result("Error", error.sentence)
    return results


def run_node(workflow: Workflow, node: Node, given: str) -> str:
    """Raises NodeError and NothingGiven."""
    if not node.credential_id:
        raise NodeError("Choose a credential for this node first.")
    vault = current_app.extensions["credstore"].vault
    try:
        values = vault.resolve(node.credential_id, consumer=workflow.consumer, node=node.kind)
    except NotFound:
        raise NodeError(f"The credential “{node.credential_name}” is not there any more. Choose another one.") from None
    except CredstoreError as error:  # its key is missing: the sentence names the credential
        raise NodeError(error.sentence) from None
    try:
        return KINDS[node.kind].call(values, node.text, given)
    except requests.RequestException:  # its text may hold the address, and for Telegram that holds the token
        raise NodeError(f"The service of the credential “{values.name}” could not be reached.") from None
    except (ValueError, LookupError, TypeError):
        raise NodeError(f"The service of the credential “{values.name}” gave no usable answer.") from None
    except Refusal as refusal:
        sentence = f"The service refused the credential “{values.name}” (status {refusal.status})."
        raise NodeError(sentence) from None


class NothingGiven(Exception):
    """The input of a node is empty."""


class Refusal(Exception):
    """A status that is not 200."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def ask_model(values: Mapping[str, Any], prompt: str, _given: str) -> str:
    """The answer of a service that speaks the OpenAI API."""
    base = values.get("base_url") or "https://api.openai.com/v1"
    headers = {"Authorization": f"Bearer {values['api_key']}"}
    asked = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": prompt}]}
    answer = post(f"{base}/chat/completions", asked, headers)
    return str(answer["choices"][0]["message"]["content"])


def send_message(values: Mapping[str, Any], chat: str, given: str) -> str:
    """Send the input to a chat, as the bot of the credential. Raises NothingGiven."""
    if not given:
        raise NothingGiven
    root = current_app.config["TELEGRAM_API"]
    post(f"{root}/bot{values['bot_token']}/sendMessage", {"chat_id": chat, "text": given}, {})
    return f"Sent to {chat}."


def post(url: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Any:
    """Raises Refusal, requests.RequestException, or ValueError where the answer is no JSON."""
    answer = requests.post(url, json=body, headers=headers, timeout=SECONDS, allow_redirects=False)
    if answer.status_code != 200:
        raise Refusal(answer.status_code)
    return json.loads(answer.content)


KINDS = {
    "ask": Kind("Ask the model", "llm", "Prompt", ask_model),
    "send": Kind("Send a message", "telegram", "Chat", send_message),
}
