"""What each role may do (R63).

Knows the eight roles and one table from role to actions. It must never ask who somebody is: the doors hand over the
roles that an administrator holds in one tenant, and act on the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from django.db import models


class Role(models.TextChoices):
    """A role of an administrator in one tenant."""

    GLOBAL_ADMINISTRATOR = "globalAdministrator", "Global Administrator"
    GLOBAL_READER = "globalReader", "Global Reader"
    AUTHENTICATION_POLICY_ADMINISTRATOR = "authenticationPolicyAdministrator", "Authentication Policy Administrator"
    EXTERNAL_IDENTITY_PROVIDER_ADMINISTRATOR = (
        "externalIdentityProviderAdministrator",
        "External Identity Provider Administrator",
    )
    USER_ADMINISTRATOR = "userAdministrator", "User Administrator"
    HELPDESK_ADMINISTRATOR = "helpdeskAdministrator", "Helpdesk Administrator"
    GUEST_INVITER = "guestInviter", "Guest Inviter"
    REPORTS_READER = "reportsReader", "Reports Reader"


class Action(StrEnum):
    """A thing that a door asks leave for. The name before the dot is the room, the one after it the deed."""

    GUESTS_VIEW = "guests.view"
    GUESTS_INVITE = "guests.invite"
    GUESTS_INVITE_MANY = "guests.invite_many"
    GUESTS_EDIT = "guests.edit"
    GUESTS_DELETE = "guests.delete"
    GUESTS_RESET = "guests.reset"
    GUESTS_BLOCK = "guests.block"
    GUESTS_END_SESSIONS = "guests.end_sessions"
    INVITATIONS_REVOKE = "invitations.revoke"
    SIGN_IN_EXPLAIN = "sign_in.explain"
    PASSCODES_SET_POLICY = "passcodes.set_policy"
    PROVIDERS_VIEW = "providers.view"
    PROVIDERS_MANAGE = "providers.manage"
    APPLICATIONS_VIEW = "applications.view"
    APPLICATIONS_MANAGE = "applications.manage"
    AUDIT_VIEW = "audit.view"
    MAIL_VIEW = "mail.view"
    SETTINGS_VIEW = "settings.view"
    SETTINGS_CHANGE = "settings.change"
    ADMINISTRATORS_VIEW = "administrators.view"
    ADMINISTRATORS_MANAGE = "administrators.manage"


_READING = frozenset(
    {
        Action.GUESTS_VIEW,
        Action.SIGN_IN_EXPLAIN,
        Action.PROVIDERS_VIEW,
        Action.APPLICATIONS_VIEW,
        Action.AUDIT_VIEW,
        Action.MAIL_VIEW,
        Action.SETTINGS_VIEW,
        Action.ADMINISTRATORS_VIEW,
    }
)

# Impact before Save (R62) names guests, so who may turn a method off may see them.
TABLE: Mapping[Role, frozenset[Action]] = {
    Role.GLOBAL_ADMINISTRATOR: frozenset(Action),
    Role.GLOBAL_READER: _READING,
    Role.AUTHENTICATION_POLICY_ADMINISTRATOR: frozenset(
        {Action.PASSCODES_SET_POLICY, Action.PROVIDERS_VIEW, Action.GUESTS_VIEW, Action.SIGN_IN_EXPLAIN}
    ),
    Role.EXTERNAL_IDENTITY_PROVIDER_ADMINISTRATOR: frozenset(
        {Action.PROVIDERS_MANAGE, Action.PROVIDERS_VIEW, Action.GUESTS_VIEW, Action.SIGN_IN_EXPLAIN}
    ),
    Role.USER_ADMINISTRATOR: frozenset(
        {
            Action.GUESTS_VIEW,
            Action.GUESTS_INVITE,
            Action.GUESTS_INVITE_MANY,
            Action.GUESTS_EDIT,
            Action.GUESTS_DELETE,
            Action.GUESTS_RESET,
            Action.GUESTS_BLOCK,
            Action.GUESTS_END_SESSIONS,
            Action.INVITATIONS_REVOKE,
            Action.SIGN_IN_EXPLAIN,
            Action.PROVIDERS_VIEW,
            Action.APPLICATIONS_VIEW,
        }
    ),
    Role.HELPDESK_ADMINISTRATOR: frozenset({Action.GUESTS_VIEW, Action.GUESTS_RESET, Action.SIGN_IN_EXPLAIN}),
    Role.GUEST_INVITER: frozenset({Action.GUESTS_VIEW, Action.GUESTS_INVITE}),
    Role.REPORTS_READER: frozenset({Action.AUDIT_VIEW, Action.MAIL_VIEW}),
}


def may(roles: Iterable[str], action: str) -> bool:
    """Whether any of these roles, all held in one tenant, allows the action.

    A role that the table does not know allows nothing; an action that it does not know is a programmer's mistake and
    raises ValueError.
    """
    wanted = Action(action)
    return any(wanted in TABLE[Role(role)] for role in roles if role in Role.values)
