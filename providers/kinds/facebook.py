"""Facebook: for self-service sign-up only. It never answers for a redemption (R33) and vouches for no address."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from providers.kinds.openid import CLIENT_ID, CLIENT_SECRET, OpenIdKind, said, shown_name
from providers.rules import Answer, Asserted, Knowledge, Method

ISSUER = "https://www.facebook.com"


class Facebook(OpenIdKind):
    id = "facebook"
    name = "Facebook"
    method = Method.FACEBOOK
    is_for_redemption = False
    settings = (CLIENT_ID, CLIENT_SECRET)
    scopes = ("openid", "email")
    choosing: ClassVar[Mapping[str, str]] = MappingProxyType({"auth_type": "reauthenticate"})
    note = "For self-service sign-up only. Client ID and secret are the app ID and app secret of a Facebook app."

    def has_account(self, *, domain: str, is_listed: bool) -> Knowledge:
        return Knowledge(Answer.UNKNOWN, "No domain tells whether somebody has a Facebook account.")

    def authority(self, settings: Mapping[str, str]) -> str:
        return ISSUER

    def document(self, settings: Mapping[str, str]) -> Mapping[str, Any]:
        """Facebook's own document leaves the token endpoint out and names sign-ins for telephones only."""
        return {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/dialog/oauth",
            "token_endpoint": "https://graph.facebook.com/oauth/access_token",
            "jwks_uri": f"{ISSUER}/.well-known/oauth/openid/jwks/",
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
        }

    def asserted(self, claims: Mapping[str, Any], domains: tuple[str, ...]) -> Asserted:
        return Asserted(issuer=ISSUER, subject=claims["sub"], claimed=said(claims, "email"), name=shown_name(claims))
