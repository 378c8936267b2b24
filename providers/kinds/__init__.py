"""Every kind of provider there is, in one explicit tuple. Nothing registers itself."""

from providers.kinds.base import Kind, Protocol, Setting
from providers.kinds.email_passcode import EmailPasscode
from providers.kinds.entra_id import EntraId
from providers.kinds.facebook import Facebook
from providers.kinds.google import Google
from providers.kinds.microsoft_account import CONSUMER_DOMAINS, MicrosoftAccount
from providers.kinds.oidc import Oidc
from providers.kinds.saml import Saml
from providers.kinds.ws_federation import WsFederation

__all__ = ["ADDABLE", "BY_ID", "CONSUMER_DOMAINS", "KINDS", "Kind", "Protocol", "Setting"]

KINDS: tuple[Kind, ...] = (
    EntraId(),
    MicrosoftAccount(),
    Google(),
    Facebook(),
    Oidc(),
    Saml(),
    WsFederation(),
    EmailPasscode(),
)
"""In the order in which the portal names them."""

BY_ID: dict[str, Kind] = {kind.id: kind for kind in KINDS}
"""Kinds by the id that rows store."""

ADDABLE: dict[str, Kind] = {kind.id: kind for kind in KINDS if not kind.is_built_in}
"""Those that a tenant adds itself."""
