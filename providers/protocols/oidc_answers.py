"""What a provider's errors mean: the person declined, the provider failed, or the answer proves nothing.

Knows RFC 6749 4.1.2.1 and 5.2 with OpenID Connect Core 3.1.2.6. It must never repeat a provider's free text: whoever
holds the browser may have written it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from providers.protocols.base import AssertionRefused, ProviderDeclined, ProviderFailed

_DECLINED = {
    "access_denied": "The person cancelled, or was refused there",
    "consent_required": "The person, or their organisation's administrator, has not consented to this application",
    "login_required": "The person did not sign in there",
    "interaction_required": "The person did not finish what the provider asked for",
    "account_selection_required": "The person did not choose an account there",
}
"""Error codes that say that the person, and not the provider, ended it."""

_ENTRA_NUMBER = re.compile(r"AADSTS\d{3,9}")
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,80}")

LONGEST_CODE = 8192


def code_of(answer: Mapping[str, str]) -> str:
    """The authorization code. Raises ProviderDeclined, ProviderFailed and AssertionRefused for what is none."""
    if error := answer.get("error"):
        told = _told(error, answer.get("error_description"))
        if error in _DECLINED:
            raise ProviderDeclined(f"{_DECLINED[error]} ({told}).")
        raise ProviderFailed(f"The provider answered with an error ({told}).")
    code = answer.get("code", "")
    if not code or len(code) > LONGEST_CODE:
        raise AssertionRefused("The provider's answer holds no authorization code.")
    return code


def token_error(error: Any, description: Any) -> ProviderFailed | AssertionRefused:
    """What to raise for an error of the token endpoint, with the fix where there is one."""
    told = _told(error, description)
    if error == "invalid_grant":
        return AssertionRefused(
            f"The provider does not take the code ({told}): it was used, is too old, or is not of this sign-in."
        )
    if error in ("invalid_client", "unauthorized_client"):
        return ProviderFailed(f"The provider refused this application ({told}). Check the client ID and the secret.")
    return ProviderFailed(f"The provider refused to issue a token ({told}).")


def _told(error: Any, description: Any) -> str:
    code = error if isinstance(error, str) and _CODE.fullmatch(error) else "an unreadable error"
    number = _ENTRA_NUMBER.search(description) if isinstance(description, str) else None
    return f"{code}, {number[0]}" if number else code
