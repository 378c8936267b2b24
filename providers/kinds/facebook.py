"""Facebook: for self-service sign-up only. It never answers for a redemption (R33)."""

from providers.kinds.base import Kind, Protocol
from providers.rules import Answer, Knowledge, Method


class Facebook(Kind):
    id = "facebook"
    name = "Facebook"
    method = Method.FACEBOOK
    protocol = Protocol.OIDC
    is_for_redemption = False

    def has_account(self, *, domain: str, is_listed: bool) -> Knowledge:
        return Knowledge(Answer.UNKNOWN, "No domain tells whether somebody has a Facebook account.")
