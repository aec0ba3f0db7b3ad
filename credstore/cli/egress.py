"""`credstore egress`: explains whether the egress policy allows a URL. Sends no request to it."""

import json
import time
from dataclasses import asdict

import click

from credstore.cli.options import read_config
from credstore.egress.explain import Explanation, explain
from credstore.egress.from_config import policy_from_config, proxy_from_config
from credstore.egress.resolver import Resolver


@click.group()
def egress() -> None:
    """Explain which addresses tests may call."""


@egress.command()
@click.argument("url")
@click.option(
    "--bind", default="127.0.0.1", show_default=True, help="Judge as if the page were served on this address."
)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="... and on this port.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def check(url: str, bind: str, port: int, as_json: bool) -> None:
    """Say whether a test may call URL, by which rule, and what would change that. Exit status 1 when it may not.

    No request is sent. Under gunicorn credstore cannot know the address it is bound to: then use --bind "".
    """
    config = read_config(None, run_command=False, bind=bind, port=port)
    deadline = time.monotonic() + config.test_seconds
    explanation = explain(url, policy_from_config(config), Resolver(), proxy_from_config(config), deadline=deadline)
    click.echo(json.dumps(asdict(explanation), ensure_ascii=False) if as_json else _as_text(explanation))
    if not explanation.allowed:
        raise click.exceptions.Exit(1)


def _as_text(explanation: Explanation) -> str:
    lines = [f"URL      {explanation.url}"] if explanation.url else []
    for address in explanation.addresses:
        lines.append(
            f"Address  {address.address}, {address.description}: {'allowed' if address.allowed else 'refused'}"
        )
    lines += [f"Route    {explanation.route}"] if explanation.allowed else []
    lines.append(f"{'Allowed' if explanation.allowed else 'Refused'}  {explanation.rule}")
    lines += [f"         {explanation.advice}"] if explanation.advice else []
    return "\n".join(lines)
