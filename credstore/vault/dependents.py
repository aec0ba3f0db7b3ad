"""The dependents of credentials that somebody is about to delete: the consumers that use them, by name."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import distinct, func, select

from credstore.database import AnySession, in_list
from credstore.errors import InUse
from credstore.reference_models import CredentialReference

SHOWN = 30  # consumers that are named; the rest is counted
NAMED_IN_SENTENCE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependent:
    """A consumer that uses a credential, with so many nodes. `title` is its label, or else its own name."""

    public_id: str
    consumer: str
    title: str
    link: str
    nodes: int
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependents:
    """Who uses some credentials: `consumers` counts all, `shown` names the first of them.

    `token` stands for just these references: who agrees to a deletion sends it along, so that a consent given for two
    workflows deletes nothing that three use by then.
    """

    consumers: int
    shown: tuple[Dependent, ...]
    more: int
    token: str

    def __bool__(self) -> bool:
        return bool(self.consumers)


NOBODY = Dependents(consumers=0, shown=(), more=0, token="")


def find_dependents(session: AnySession, public_ids: Collection[str]) -> Dependents:
    """Who uses these credentials. They need not be stored any more."""
    if not public_ids:
        return NOBODY
    row = CredentialReference
    mine = in_list(session, row.public_id, sorted(public_ids))
    consumers = session.scalar(select(func.count(distinct(row.consumer))).where(mine)) or 0
    if not consumers:
        return NOBODY
    # Of each single reference: one may have gone and another one, also with a lower id, have come.
    ids = " ".join(map(str, session.scalars(select(row.id).where(mine).order_by(row.id))))
    last_used = func.max(row.last_used_at, type_=row.last_used_at.type)
    uses = select(row.public_id, row.consumer, func.max(row.label), func.max(row.link), func.count(), last_used)
    grouped = uses.where(mine).group_by(row.public_id, row.consumer).order_by(row.consumer, row.public_id)
    rows = session.execute(grouped.limit(SHOWN)).all()
    shown = tuple(
        Dependent(
            public_id=public_id, consumer=consumer, title=label or consumer, link=link, nodes=nodes, last_used_at=used
        )
        for public_id, consumer, label, link, nodes, used in rows
    )
    named = len({dependent.consumer for dependent in shown})
    token = hashlib.sha256(ids.encode()).hexdigest()[:32]
    return Dependents(consumers=int(consumers), shown=shown, more=int(consumers) - named, token=token)


def refuse_in_use(dependents: Dependents, *, agreed: str) -> None:
    """Raises InUse where there are dependents, and `agreed` is not the token of just these."""
    if not dependents or agreed == dependents.token:
        return
    names = tuple(dict.fromkeys(dependent.title for dependent in dependents.shown))
    listed = ", ".join(f"“{name}”" for name in names[:NAMED_IN_SENTENCE])
    rest = dependents.consumers - min(len(names), NAMED_IN_SENTENCE)
    what = "1 workflow uses" if dependents.consumers == 1 else f"{dependents.consumers:,} workflows use"
    more = f" and {rest:,} more" if rest > 0 else ""
    raise InUse(f"Nothing was deleted: {what} this: {listed}{more}.", consumers=dependents.consumers, names=names)
