"""What the history tells of, in words: each action as something that somebody did, and the group that it belongs to.

Knows the words for a line's action; a line says "<who> <words>", so they begin as a verb does. An action that is not
listed is told by its own name, never left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Group(StrEnum):
    """What an administrator asks the log about; the value stands in addresses of pages."""

    SIGN_INS = "sign-ins"
    CODES = "codes"
    INVITATIONS = "invitations"
    GUESTS = "guests"
    SETTINGS = "settings"
    ADMINISTRATORS = "administrators"
    MAIL = "mail"


GROUPS: Mapping[Group, str] = MappingProxyType(
    {
        Group.SIGN_INS: "Sign-ins",
        Group.CODES: "Codes",
        Group.INVITATIONS: "Invitations",
        Group.GUESTS: "Guests",
        Group.SETTINGS: "Settings and providers",
        Group.ADMINISTRATORS: "Administrators",
        Group.MAIL: "Mail",
    }
)


@dataclass(frozen=True, slots=True)
class Deed:
    """One action in words: as it was done, and as it was tried where it came to nothing."""

    group: Group
    done: str
    tried: str = ""


def _deeds() -> dict[str, Deed]:
    words: dict[Group, dict[str, str | tuple[str, str]]] = {
        Group.SIGN_INS: {
            "sign_in.begun": ("began to sign in", "tried to sign in"),
            "guest.signed_in": ("signed in", "tried to sign in"),
            "guest.returned": ("came back from the provider", "came back from the provider"),
            "sign_in.refusals_counted": (
                "was refused more often than is listed",
                "was refused more often than is listed",
            ),
            "guest.signed_out": "signed out",
            "guest.signed_out_elsewhere": "signed out in the other browsers",
            "guest.declined": ("declined the permissions", "declined the permissions"),
            "guest.redeemed": "redeemed the invitation",
            "consent.permissions": "accepted the permissions",
            "consent.terms": "accepted the terms of use",
            "identity.address_changed": "signed in with an account whose address has changed",
        },
        Group.CODES: {
            "passcode.requested": "asked for a code",
            "passcode.resent": "had the code sent again",
            "passcode.refused": ("was refused a code", "entered a code or asked for one"),
            "passcode.pause_lifted": "lifted the pause on codes",
        },
        Group.INVITATIONS: {
            "guest.invited": ("invited a guest", "tried to invite a guest"),
            "guest.invited_again": "invited a guest again",
            "invitation.sent": "sent an invitation",
            "invitation.resent": "sent an invitation again",
            "invitation.reminded": "reminded a guest of an invitation",
            "invitation.revoked": "revoked an invitation",
            "invitation.asked_again": "asked for a new invitation",
            "invitation.opened": "opened the link (a mail scanner may have)",
            "batch.uploaded": "uploaded a list of guests to invite",
            "batch.invitations_done": "finished inviting many guests",
            "batch.reminders_made": "began to remind many guests",
            "batch.reminders_done": "finished reminding many guests",
            "batch.revocations_made": "began to revoke many invitations",
            "batch.revocations_done": "finished revoking many invitations",
        },
        Group.GUESTS: {
            "guest.reset": "reset the redemption status",
            "guest.blocked": "blocked sign-in",
            "guest.unblocked": "unblocked sign-in",
            "guest.edited": "edited a guest",
            "guest.deleted": "deleted a guest",
            "guest.restored": "restored a guest",
            "guest.left": "left the tenant",
            "guest.signed_up": "signed up without an invitation",
            "batch.resets_made": "began to reset many guests",
            "batch.resets_done": "finished resetting many guests",
            "batch.started": "started bulk work",
            "batch.paused": "paused bulk work",
            "batch.discarded": "discarded bulk work",
            "batch.stopped": ("stopped bulk work", "stopped bulk work"),
            "guest.session_ended": "ended a session",
            "guest.sessions_ended": "ended all sessions",
        },
        Group.SETTINGS: {
            "tenant.created": "founded the tenant",
            "tenant.domain_added": "added a domain",
            "tenant.entered": "entered the tenant as an operator",
            "tenant.logo_changed": "changed the logo",
            "tenant.logo_removed": "removed the logo",
            "tenant.restored": "restored the tenant from a backup",
            "tenant.settings_changed": "changed the settings",
            "tenant.domains_changed": "changed from which domains guests are taken",
            "tenant.terms_published": "published terms of use",
            "history.kept": "changed how long the history is kept",
            "history.forgotten": "forgot history that was older than the tenant keeps",
            "history.exported": "exported the history",
            "email_passcode.set": ("set email passcodes", "tried to set email passcodes"),
            "microsoft_account.set": ("set Microsoft accounts", "tried to set Microsoft accounts"),
            "redemption_order.set": ("changed the redemption order", "tried to change the redemption order"),
            "redemption_order.removed": "removed a partner’s redemption order",
            "skipping.set": "set whether guests may say that they have no account",
            "known_domain.added": "listed a domain that has accounts",
            "known_domain.removed": "removed a domain that has accounts",
            "identity_provider.added": ("added an identity provider", "tried to add an identity provider"),
            "identity_provider.changed": ("changed an identity provider", "tried to change an identity provider"),
            "identity_provider.removed": "removed an identity provider",
            "identity_provider.switched": ("switched an identity provider", "tried to switch an identity provider"),
            "identity_provider.tested": ("tested an identity provider", "tested an identity provider"),
            "identity_provider.metadata_refreshed": (
                "read an identity provider’s metadata",
                "tried to read an identity provider’s metadata",
            ),
            "provider_secrets.resealed": "sealed the providers’ secrets anew",
            "service_provider_key.made": "made a signing key",
            "application.added": "shared an application",
            "application.removed": "removed an application",
            "application.marked_first_party": "marked an application as first-party",
            "application.unmarked_first_party": "took the mark of a first-party application away",
            "application.sign_up_opened": "opened an application for sign-up",
            "application.sign_up_closed": "closed an application’s sign-up",
        },
        Group.ADMINISTRATORS: {
            "administrator.created": "made an administrator",
            "administrator.removed": "removed an administrator",
            "administrator.role_assigned": "gave an administrator a role",
            "administrator.offered": "offered somebody a role",
            "administrator.offer_withdrawn": "withdrew the offer of a role",
            "administrator.offer_accepted": "accepted a role",
            "administrator.offer_declined": "declined a role",
            "administrator.roles_changed": "changed an administrator’s roles",
            "administrator.credentials_renewed": "renewed an administrator’s password",
            "administrator.recovered": "let an administrator in again after a lost device",
            "administrator.confirmed": "confirmed whose account an administrator’s is",
            "administrator.switched_off": "switched an administrator’s account off",
            "administrator.switched_on": "switched an administrator’s account on again",
            "administrator.password_changed": "changed their password",
            "administrator.authenticator_set": "set up an authenticator app",
            "administrator.backup_codes_made": "made new backup codes",
            "administrator.signed_in": "signed in to the portal",
            "administrator.signed_out_everywhere": "signed out of the portal everywhere",
            "administrator.sign_in_failed": ("signed in to the portal", "failed to sign in to the portal"),
            "administrator.sign_in_paused": ("signed in to the portal", "tried to sign in to the portal too often"),
        },
        Group.MAIL: {
            "mail.handed_over": "handed an email to the mail server",
            "mail.delivered": "heard that an email was delivered",
            "mail.deferred": "heard that an email is delayed",
            "mail.bounced": ("heard that an email bounced", "heard that an email bounced"),
            "mail.failed": ("could not send an email", "could not send an email"),
            "mail.suppressed": "sent no email",
            "mail.dropped": "sent no email",
            "mail.checked": ("sent a test email", "tried to send a test email"),
        },
    }
    return {
        action: Deed(group, *((said,) if isinstance(said, str) else said))
        for group, actions in words.items()
        for action, said in actions.items()
    }


DEEDS: Mapping[str, Deed] = MappingProxyType(_deeds())


def actions_of(group: Group) -> list[str]:
    """The actions that the group is made of."""
    return [action for action, deed in DEEDS.items() if deed.group is group]


def words_for(action: str, *, is_done: bool) -> str:
    """The action as somebody did it, or tried to: "invited a guest". Its own name where nobody worded it."""
    deed = DEEDS.get(action)
    if deed is None:
        return action.replace(".", ": ").replace("_", " ")
    return deed.done if is_done or not deed.tried else deed.tried
