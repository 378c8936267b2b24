"""What stands in the portal's navigation, in this order.

Knows each entry's name, its page and the action that it asks leave for. An entry that the roles do not allow is not
shown; the page itself refuses as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tenants.roles import Action


@dataclass(frozen=True)
class Entry:
    """One link. `url_name` is a page of the portal that takes no argument.

    `pages` are names of pages that belong to it though their addresses lie below another entry's.
    """

    name: str
    url_name: str
    action: Action
    pages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """A heading with its links. `label` is the app whose pages' breadcrumbs lead to the group."""

    name: str
    label: str
    entries: tuple[Entry, ...]

    def shown(self, may: Callable[[str], bool]) -> list[Entry]:
        return [entry for entry in self.entries if may(entry.action)]


GROUPS = (
    Group(
        "Directory",
        "guests",
        (
            Entry("Guests", "admin:guests_guest_changelist", Action.GUESTS_VIEW),
            Entry("Invitations", "admin:guests_invitation_changelist", Action.GUESTS_VIEW),
            Entry("Bulk invitations", "admin:guests_bulk_invitations", Action.GUESTS_INVITE_MANY),
            Entry("Bulk work", "admin:guests_batch_changelist", Action.GUESTS_VIEW),
        ),
    ),
    Group(
        "Ways in",
        "providers",
        (
            Entry(
                "Identity providers",
                "admin:providers_identityprovider_changelist",
                Action.PROVIDERS_VIEW,
                (
                    "providers_email_passcode",
                    "guests_microsoft_account",
                    "guests_known_domains",
                    "guests_enable_provider",
                    "guests_disable_provider",
                    "guests_remove_provider",
                    "guests_provider_domains",
                ),
            ),
            Entry("Redemption order", "admin:providers_redemptionorder_changelist", Action.PROVIDERS_VIEW),
            Entry("Explain sign-in", "admin:guests_explain", Action.SIGN_IN_EXPLAIN),
            Entry("Applications", "admin:applications_application_changelist", Action.APPLICATIONS_VIEW),
        ),
    ),
    Group(
        "Tenant",
        "tenants",
        (
            Entry("Settings", "admin:tenants_tenant_changelist", Action.SETTINGS_VIEW, ("guests_domain_lists",)),
            Entry("Administrators", "admin:tenants_administrator_changelist", Action.ADMINISTRATORS_VIEW),
            Entry("Audit log", "admin:tenants_auditentry_changelist", Action.AUDIT_VIEW),
            Entry("Sign-in log", "admin:tenants_sign_ins", Action.AUDIT_VIEW),
            Entry("Mail", "admin:outbox_outboundmail_changelist", Action.MAIL_VIEW),
            Entry("Error codes", "admin:tenants_errors", Action.AUDIT_VIEW),
        ),
    ),
)
