"""Adds the models of a listing to a verdict, from a response that the check got anyway. Pure.

The names are texts of the provider; the tester redacts them. A listing that refused made-up keys names the models that
this key may use; a listing that accepts any key names the models of the server.
"""

from dataclasses import replace

from credstore.credential_types.llm.api_requests import LlmApi
from credstore.credential_types.llm.hosts.base import facts_of_listing
from credstore.credential_types.llm.made_up_key_control import Comparison, Finding
from credstore.credential_types.llm.response_meaning import is_listing, listed_items
from credstore.probe import Json, ListedFor, ModelList, Verdict

MOST_NAMES = 500


def with_models(verdict: Verdict, api: LlmApi, json: Json, listed_for: ListedFor) -> Verdict:
    """`verdict` with the models that `json`, the answer of `api.listing`, names. A host's own check names none."""
    if api.key_facts is not facts_of_listing or not is_listing(json):
        return verdict
    names = tuple(dict.fromkeys(str(item["id"]) for item in listed_items(json) or () if isinstance(item, dict)))
    return replace(verdict, models=ModelList(count=len(names), names=names[:MOST_NAMES], listed_for=listed_for))


def listed_for(found: Comparison) -> ListedFor:
    """Whose models a listing names, after a control of that listing."""
    if found.finding in {Finding.TOLD_APART, Finding.TOLD_APART_ONCE}:
        return "this-key"
    # A made-up key may have got another list (ALSO_ACCEPTED): then it is nobody's list for sure.
    return "any-key" if found.finding is Finding.SAME else "not-known"
