"""The JavaScript of docs/use.md, run by Node.js: it opens what the server seals, and nothing else."""

import json
import shutil
import subprocess
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.client.stand_in import KEY, SECRET, TOKEN, Api
from tests.documents import read_documents

(BLOCK,) = (block for block in read_documents()["docs/use.md"].blocks if block.language == "javascript")
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="Node.js is not installed")
RUN = """
const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
(async () => {
  for (const [url, token, pem, id] of cases) {
    try {
      console.log(JSON.stringify(await useCredential(url, token, pem, id, "workflow:42")));
    } catch (error) {
      console.log(JSON.stringify({ refused: error.message || error.name }));
    }
  }
})();
"""


def pem(key: X25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def run(cases: list[list[str]]) -> list[dict[str, Any]]:
    assert NODE is not None
    command = [NODE, "--no-warnings", "-e", BLOCK.code + RUN]
    done = subprocess.run(command, check=True, input=json.dumps(cases), capture_output=True, text=True, timeout=60)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_documented_code_opens_an_answer_and_refuses_others(api: Api) -> None:
    values = {"api_key": SECRET + "é", "base_url": "https://a.example/v1"}
    one, two = api.add("Prod", "llm", values), api.add("Other", "llm", values)
    url = api.server.url_for("").rstrip("/")
    right = [url, TOKEN, pem(KEY), one]
    opened, other_key, other_token, missing = run(
        [
            right,
            [url, TOKEN, pem(X25519PrivateKey.generate()), one],
            [url, "crs_x", pem(KEY), one],
            [*right[:3], "nothing"],
        ]
    )
    assert opened == {"name": "Prod", "type": "llm", "secret_fields": ["api_key"], "values": values}
    assert other_key.keys() == {"refused"}
    assert other_token == {"refused": "This token is not known."}
    assert missing == {"refused": "There is no such credential."}
    assert {"consumer": "workflow:42"} in api.uses
    api.envelope = lambda nonce: api.sealed(two, nonce)
    assert [answer.keys() for answer in run([right, [*right[:3], two]])] == [{"refused"}, opened.keys()]
    earlier = api.sealed(one, "x" * 16)
    api.envelope = lambda _: earlier
    assert [answer.keys() for answer in run([right])] == [{"refused"}]
