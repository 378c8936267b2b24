"""What each role may do (R63).

Knows the eight roles and one table from role to actions. It must never ask who somebody is: the doors hand over the
roles that an administrator holds in one tenant, and act on the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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


class Action(models.TextChoices):
    """A thing that a door asks leave for: the room, a dot and the deed; beside it the deed as people read it."""

    GUESTS_VIEW = "guests.view", "see guests and invitations"
    GUESTS_INVITE = "guests.invite", "invite a guest"
    GUESTS_INVITE_MANY = "guests.invite_many", "invite many guests by a file"
    GUESTS_EDIT = "guests.edit", "edit guests"
    GUESTS_DELETE = "guests.delete", "delete and restore guests"
    GUESTS_RESET = "guests.reset", "reset the redemption status and lift a pause after wrong codes"
    GUESTS_BLOCK = "guests.block", "block and unblock guests"
    GUESTS_END_SESSIONS = "guests.end_sessions", "end guests’ sessions"
    INVITATIONS_REVOKE = "invitations.revoke", "revoke invitations"
    SIGN_IN_EXPLAIN = "sign_in.explain", "explain sign-in"
    PASSCODES_SET_POLICY = "passcodes.set_policy", "turn email passcodes on and off"
    PROVIDERS_VIEW = "providers.view", "see identity providers and the redemption order"
    PROVIDERS_MANAGE = "providers.manage", "change identity providers and the redemption order"
    APPLICATIONS_VIEW = "applications.view", "see applications"
    APPLICATIONS_MANAGE = "applications.manage", "change applications"
    AUDIT_VIEW = "audit.view", "read the audit log"
    MAIL_VIEW = "mail.view", "see how mail is doing"
    SETTINGS_VIEW = "settings.view", "see the settings"
    SETTINGS_CHANGE = "settings.change", "change the settings"
    ADMINISTRATORS_VIEW = "administrators.view", "see the administrators"
    ADMINISTRATORS_MANAGE = "administrators.manage", "appoint and remove administrators"


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

_SEEN_AND_CHANGED = {
    Action.PROVIDERS_VIEW: Action.PROVIDERS_MANAGE,
    Action.APPLICATIONS_VIEW: Action.APPLICATIONS_MANAGE,
    Action.SETTINGS_VIEW: Action.SETTINGS_CHANGE,
}
"""The first sees what the second changes, and their words go on alike."""

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


def in_words(role: Role) -> str:
    """What the role may do, in one sentence out of the table."""
    deeds = TABLE[role]
    if deeds == frozenset(Action):
        return "May do everything here and appoint the other administrators."
    if deeds == _READING:
        return "May see everything here, and change nothing; invites guests only where every administrator may."
    # Labels have an "and" of their own, so semicolons part them.
    return f"May {'; '.join(_labels(deeds))}."


def _labels(deeds: frozenset[Action]) -> list[str]:
    """Each deed as people read it; what is seen and changed is named once."""
    both = {change: see for see, change in _SEEN_AND_CHANGED.items() if {see, change} <= deeds}
    seen = set(both.values())
    return [
        f"see and {action.label}" if action in both else action.label
        for action in Action
        if action in deeds and action not in seen
    ]


def may(roles: Iterable[str], action: str) -> bool:
    """Whether any of these roles, all held in one tenant, allows the action.

    A role that the table does not know allows nothing; an action that it does not know is a programmer's mistake and
    raises ValueError.
    """
    wanted = Action(action)
    return any(wanted in TABLE[Role(role)] for role in roles if role in Role.values)
