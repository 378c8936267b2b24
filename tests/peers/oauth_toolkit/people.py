"""The people of the provider: whoever types an address has it. Their claims are OpenID Connect Core 5.1's."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from oauth2_provider.oauth2_validators import OAuth2Validator


class AnyAddress(ModelBackend):
    """Takes any address with any password."""

    def authenticate(self, request: Any, username: str | None = None, password: str | None = None, **more: Any) -> Any:
        if not username:
            return None
        address = username.lower()
        found, _ = User.objects.get_or_create(
            username=address, defaults={"email": address, "first_name": address.partition("@")[0]}
        )
        return found


class StandardClaims(OAuth2Validator):  # type: ignore[misc]  # the toolkit has no types
    """Says the address and the name in the ID token."""

    def get_additional_claims(self, request: Any) -> dict[str, Any]:
        user = request.user
        return {"email": user.email, "email_verified": True, "name": user.get_full_name()}
