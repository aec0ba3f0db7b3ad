"""The table of those users whom an OpenID Connect provider signs in."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from credstore.models import Model, utc_now


class OidcIdentity(Model):
    """Which user a provider means. `issuer` and `subject` say who it is, never a name or an e-mail address."""

    __tablename__ = "oidc_identity"

    issuer: Mapped[str] = mapped_column(String(2048), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    admin_id: Mapped[int] = mapped_column(ForeignKey("admin.id", ondelete="CASCADE"), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
