"""The tables of the application: its users, its workflows and their nodes. They hold no secret of a provider."""

from flask_login import UserMixin
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


db = SQLAlchemy(model_class=Base)


class User(UserMixin, db.Model):
    """`password_hash` is Werkzeug's."""

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    is_admin: Mapped[bool] = mapped_column(default=False)


class Workflow(db.Model):
    """A workflow has one node of each kind of `nodes.KINDS`."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    nodes: Mapped[list["Node"]] = relationship(order_by="Node.id", cascade="all, delete-orphan")

    @property
    def consumer(self) -> str:
        """What credstore calls it."""
        return f"workflow:{self.id}"


class Node(db.Model):
    """`credential_id` is the id that credstore gave; `credential_name` is for messages once it is deleted.

    `text` is the prompt for a model, or the chat that gets a message.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    workflow_id: Mapped[int] = mapped_column(ForeignKey("workflow.id"))
    kind: Mapped[str]
    credential_id: Mapped[str] = mapped_column(default="")
    credential_name: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(default="")
