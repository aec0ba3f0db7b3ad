"""What the vault remembers between tests of one destination, without a database, and tests that are driven with it."""

from dataclasses import dataclass, field

from credstore.credential_types.llm.providers import Access, by_slug
from credstore.probe import Knowledge, Openness, Verdict
from tests.llm.driving import Responder, Run, drive

BASE = "https://x.example/v1"


@dataclass
class Memory:
    here: Openness = "unknown"
    keys: dict[str, Openness] = field(default_factory=dict)

    def recall(self, key: str) -> Knowledge:
        if self.here == "erratic" or key not in self.keys:
            return Knowledge(openness=self.here)
        return Knowledge(openness=self.keys[key], key_proven=True)

    def remember(self, key: str, verdict: Verdict) -> None:
        assert verdict.openness is not None
        self.keys.pop(key, None)
        if verdict.key_proven:
            self.keys[key] = verdict.openness
        self.here = verdict.openness if verdict.openness in {"open", "erratic"} else "unknown"


def try_key(
    server: Responder, key: str, memory: Memory | None = None, *, base: str = BASE, control: bool = True
) -> Run:
    """One test as the vault makes it, with the rules that hold for any test asserted on the way."""
    provider = by_slug("openai_compatible")
    assert provider is not None
    memory = memory or Memory()
    known = memory.recall(key)
    access = Access(api_key=key, base_url=base, openness=known.openness, key_proven=known.key_proven, control=control)
    run = drive(provider.probe(access), server)
    assert len(run.asks) <= 4, [ask.purpose for ask in run.asks]
    assert all(ask.json == {} if ask.method == "POST" else ask.json is None for ask in run.asks)
    memory.remember(key, run.verdict)
    return run
