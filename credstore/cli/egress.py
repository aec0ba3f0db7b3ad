"""`credstore egress`: what the egress policy makes of a URL. Sends no request."""

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
    """Explain where tests may go."""


@egress.command()
@click.argument("url")
@click.option(
    "--bind", default="127.0.0.1", show_default=True, help="Judge as if the page were served on this address."
)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="... and on this port.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def check(url: str, bind: str, port: int, as_json: bool) -> None:
    """Tell whether a test may call URL, by which rule, and what would change that. Exit status 1 when it may not.

    No request is sent. Under gunicorn credstore cannot know what it is bound to: ask with --bind "".
    """
    config = read_config(None, bind=bind, port=port)
    deadline = time.monotonic() + config.test_seconds
    told = explain(url, policy_from_config(config), Resolver(), proxy_from_config(config), deadline=deadline)
    click.echo(json.dumps(asdict(told), ensure_ascii=False) if as_json else _as_text(told))
    if not told.allowed:
        raise click.exceptions.Exit(1)


def _as_text(told: Explanation) -> str:
    lines = [f"URL      {told.url}"] if told.url else []
    for one in told.addresses:
        lines.append(f"Address  {one.address}, {one.description}: {'allowed' if one.allowed else 'refused'}")
    lines += [f"Route    {told.route}"] if told.allowed else []
    lines.append(f"{'Allowed' if told.allowed else 'Refused'}  {told.rule}")
    lines += [f"         {told.advice}"] if told.advice else []
    return "\n".join(lines)
