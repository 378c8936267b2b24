"""Email one-time passcode: for every address that can be mailed. Whether it is on is a policy, not known here."""

from providers.kinds.base import Kind
from providers.rules import Answer, Knowledge, Method


class EmailPasscode(Kind):
    id = "emailOneTimePasscode"
    name = "Email one-time passcode"
    method = Method.PASSCODE
    is_built_in = True

    def has_account(self, *, domain: str, is_listed: bool) -> Knowledge:
        return Knowledge(Answer.YES, "Every address that can be mailed can be sent a passcode.")
