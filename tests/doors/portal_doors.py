"""The portal's doors, and the action that each asks leave for (R63).

A page that is new in the resolver needs a line here (tests/doors/test_role_matrix.py says which): under its address,
who may GET it and who may POST to it.
"""

from __future__ import annotations

from tenants.roles import Action as A

Leave = tuple[A | frozenset[A], ...]
"""Any of these is enough; of those in a set, all are needed."""
Methods = tuple[Leave | None, Leave | None]
"""Who may GET and who may POST. None: the page does not know the verb."""

READS_HISTORY_OF_GUESTS: Leave = (frozenset({A.GUESTS_VIEW, A.AUDIT_VIEW}),)
ANY_ROLE: Leave = tuple(A)
NOBODY: Leave = ()


def asks(get: A | Leave | None, post: A | Leave | None = None) -> Methods:
    """The line of one page: `asks(A.GUESTS_VIEW)` only shows, `asks(None, A.GUESTS_BLOCK)` is only a button."""
    return _leave(get), _leave(post)


def _leave(given: A | Leave | None) -> Leave | None:
    return (given,) if isinstance(given, A) else given


def of_a_list(
    model: str,
    view: A | Leave,
    *,
    history: A | Leave | None = None,
    change: A | Leave = NOBODY,
    delete: A | Leave = NOBODY,
    rows: A | Leave | None = None,
) -> dict[str, Methods]:
    """Django's own pages of a model: `change` and `delete` say who may POST there, `rows` who may open one."""
    return {
        f"admin/{model}/": asks(view, view),
        f"admin/{model}/add/": asks(NOBODY, NOBODY),
        f"admin/{model}/<path:object_id>/history/": asks(history or view, history or view),
        f"admin/{model}/<path:object_id>/delete/": asks(delete, delete),
        f"admin/{model}/<path:object_id>/change/": asks(rows or view, change),
        f"admin/{model}/<path:object_id>/": asks(ANY_ROLE, ANY_ROLE),  # leads to the row's page, which asks
    }


GUEST = "admin/guests/guest"
BATCH = "admin/guests/batch"
ORDER = "admin/providers/redemptionorder"
PROVIDER = "admin/providers/identityprovider"
AUDIT = "admin/tenants/auditentry"
ADMINISTRATOR = "admin/tenants/administrator"

DOORS: dict[str, Methods] = {
    "admin/": asks(ANY_ROLE),
    "admin/(app_list)": asks(ANY_ROLE),
    "admin/(everything else)": asks(ANY_ROLE),
    "admin/jsi18n/": asks(ANY_ROLE),
    "admin/preview/": asks(A.SIGN_IN_EXPLAIN, A.SIGN_IN_EXPLAIN),
    # one's own account
    "admin/account/": asks(ANY_ROLE),
    "admin/account/authenticator/": asks(ANY_ROLE, ANY_ROLE),
    "admin/account/authenticator/begin/": asks(None, ANY_ROLE),
    "admin/account/authenticator/qr.svg": asks(ANY_ROLE),
    "admin/account/backup-codes/": asks(None, ANY_ROLE),
    "admin/account/password/": asks(ANY_ROLE, ANY_ROLE),
    "admin/account/sign-out-others/": asks(None, ANY_ROLE),
    # guests
    **of_a_list(
        "guests/guest",
        A.GUESTS_VIEW,
        history=READS_HISTORY_OF_GUESTS,
        change=A.GUESTS_EDIT,
        delete=A.GUESTS_DELETE,
    ),
    f"{GUEST}/deleted/": asks(A.GUESTS_VIEW),
    f"{GUEST}/explain/": asks(A.SIGN_IN_EXPLAIN, A.SIGN_IN_EXPLAIN),
    f"{GUEST}/invite/": asks(A.GUESTS_INVITE, A.GUESTS_INVITE),
    f"{GUEST}/remind/": asks(A.GUESTS_INVITE_MANY, A.GUESTS_INVITE_MANY),
    f"{GUEST}/reset/": asks(A.GUESTS_RESET, A.GUESTS_RESET),
    f"{GUEST}/reset-many/": asks(A.GUESTS_RESET, A.GUESTS_RESET),
    f"{GUEST}/<uuid:guest_id>/block/": asks(None, A.GUESTS_BLOCK),
    f"{GUEST}/<uuid:guest_id>/unblock/": asks(None, A.GUESTS_BLOCK),
    f"{GUEST}/<uuid:guest_id>/end-session/": asks(None, A.GUESTS_END_SESSIONS),
    f"{GUEST}/<uuid:guest_id>/end-sessions/": asks(None, A.GUESTS_END_SESSIONS),
    f"{GUEST}/<uuid:guest_id>/lift-pause/": asks(None, A.GUESTS_RESET),
    f"{GUEST}/<uuid:guest_id>/restore/": asks(None, A.GUESTS_DELETE),
    # invitations
    **of_a_list("guests/invitation", A.GUESTS_VIEW, history=READS_HISTORY_OF_GUESTS, change=A.GUESTS_VIEW),
    "admin/guests/invitation/<uuid:invitation_id>/remind/": asks(None, A.GUESTS_INVITE),
    "admin/guests/invitation/<uuid:invitation_id>/resend/": asks(None, A.GUESTS_INVITE),
    "admin/guests/invitation/<uuid:invitation_id>/revoke/": asks(None, A.INVITATIONS_REVOKE),
    # deeds for many: the house's own is a file of invitations
    **of_a_list("guests/batch", A.GUESTS_VIEW, change=A.GUESTS_VIEW),
    f"{BATCH}/invite/": asks(A.GUESTS_INVITE_MANY, A.GUESTS_INVITE_MANY),
    f"{BATCH}/invite/template.csv": asks(A.GUESTS_INVITE_MANY),
    f"{BATCH}/<uuid:batch_id>/file/": asks(A.GUESTS_VIEW),
    f"{BATCH}/<uuid:batch_id>/start/": asks(None, A.GUESTS_INVITE_MANY),
    f"{BATCH}/<uuid:batch_id>/pause/": asks(None, A.GUESTS_INVITE_MANY),
    f"{BATCH}/<uuid:batch_id>/discard/": asks(None, A.GUESTS_INVITE_MANY),
    f"{BATCH}/<uuid:batch_id>/revoke/": asks(A.INVITATIONS_REVOKE, A.INVITATIONS_REVOKE),
    # mail
    "admin/outbox/outboundmail/": asks(A.MAIL_VIEW),
    # identity providers
    **of_a_list("providers/identityprovider", A.PROVIDERS_VIEW, change=A.PROVIDERS_VIEW),
    f"{PROVIDER}/custom/": asks(A.PROVIDERS_VIEW),
    f"{PROVIDER}/custom/add/": asks(A.PROVIDERS_MANAGE, A.PROVIDERS_MANAGE),
    f"{PROVIDER}/<uuid:provider_id>/edit/": asks(A.PROVIDERS_MANAGE, A.PROVIDERS_MANAGE),
    f"{PROVIDER}/<uuid:provider_id>/test/": asks(None, A.PROVIDERS_MANAGE),
    # the order, the toggle, the lists of domains
    f"{ORDER}/": asks(A.PROVIDERS_VIEW, A.PROVIDERS_MANAGE),
    f"{ORDER}/partner/": asks(A.PROVIDERS_VIEW, A.PROVIDERS_MANAGE),
    f"{ORDER}/partner/add/": asks(None, A.PROVIDERS_MANAGE),
    f"{ORDER}/skipping/": asks(None, A.PROVIDERS_MANAGE),
    f"{ORDER}/microsoft-account/": asks(A.PROVIDERS_VIEW, A.PROVIDERS_MANAGE),
    f"{ORDER}/email-passcode/": asks(A.PROVIDERS_VIEW, A.PASSCODES_SET_POLICY),
    f"{ORDER}/email-passcode/guests.csv": asks(A.GUESTS_VIEW),
    f"{ORDER}/guests-domains/": asks(A.SETTINGS_VIEW, A.SETTINGS_CHANGE),
    f"{ORDER}/known-domains/": asks(A.PROVIDERS_VIEW, A.PROVIDERS_MANAGE),
    f"{ORDER}/provider/<uuid:provider_id>/remove/": asks(A.PROVIDERS_MANAGE, A.PROVIDERS_MANAGE),
    f"{ORDER}/provider/<uuid:provider_id>/domains/": asks(A.PROVIDERS_MANAGE, A.PROVIDERS_MANAGE),
    f"{ORDER}/provider/<uuid:provider_id>/enable/": asks(A.PROVIDERS_MANAGE, A.PROVIDERS_MANAGE),
    f"{ORDER}/provider/<uuid:provider_id>/disable/": asks(A.PROVIDERS_MANAGE, A.PROVIDERS_MANAGE),
    f"{ORDER}/waiting/": asks(A.GUESTS_VIEW, (frozenset({A.GUESTS_VIEW, A.GUESTS_RESET}),)),
    # applications
    **of_a_list("applications/application", A.APPLICATIONS_VIEW, change=A.APPLICATIONS_MANAGE),
    "admin/applications/application/share/": asks(A.APPLICATIONS_MANAGE, A.APPLICATIONS_MANAGE),
    "admin/applications/application/<uuid:application_id>/remove/": asks(A.APPLICATIONS_MANAGE, A.APPLICATIONS_MANAGE),
    # the tenant
    **of_a_list("tenants/tenant", A.SETTINGS_VIEW, change=A.SETTINGS_VIEW),
    "admin/tenants/tenant/": asks(A.SETTINGS_VIEW, A.SETTINGS_CHANGE),
    "admin/tenants/tenant/logo/": asks(A.SETTINGS_VIEW, A.SETTINGS_CHANGE),
    **of_a_list("tenants/administrator", A.ADMINISTRATORS_VIEW, change=A.ADMINISTRATORS_MANAGE),
    f"{ADMINISTRATOR}/appoint/": asks(A.ADMINISTRATORS_MANAGE, A.ADMINISTRATORS_MANAGE),
    f"{ADMINISTRATOR}/<uuid:administrator_id>/remove/": asks(A.ADMINISTRATORS_MANAGE, A.ADMINISTRATORS_MANAGE),
    f"{ADMINISTRATOR}/<uuid:administrator_id>/sign-out/": asks(None, A.ADMINISTRATORS_MANAGE),
    f"{ADMINISTRATOR}/offers/<uuid:offer_id>/withdraw/": asks(None, A.ADMINISTRATORS_MANAGE),
    **of_a_list("tenants/auditentry", A.AUDIT_VIEW),
    f"{AUDIT}/sign-ins/": asks(A.AUDIT_VIEW),
    f"{AUDIT}/trace/": asks(A.AUDIT_VIEW),
    f"{AUDIT}/keeping/": asks(A.SETTINGS_VIEW, A.SETTINGS_CHANGE),
    f"{AUDIT}/errors/": asks(A.AUDIT_VIEW),
    f"{AUDIT}/export/": asks(A.AUDIT_VIEW, A.AUDIT_VIEW),
}

RESET_ALL = {"reset_all": "yes"}
RESETS = {"remedy": "reset"}
OFF = f"{ORDER}/provider/<uuid:provider_id>/disable/"

BUTTONS: list[tuple[str, dict[str, str], frozenset[A]]] = [
    (f"{ORDER}/microsoft-account/", RESET_ALL, frozenset({A.PROVIDERS_VIEW, A.GUESTS_RESET})),
    (f"{ORDER}/email-passcode/", RESET_ALL, frozenset({A.PROVIDERS_VIEW, A.GUESTS_RESET})),
    (OFF, RESET_ALL, frozenset({A.PROVIDERS_MANAGE, A.GUESTS_RESET})),
    (f"{ORDER}/microsoft-account/", {"is_enabled": "no", **RESETS}, frozenset({A.PROVIDERS_MANAGE, A.GUESTS_RESET})),
    (f"{ORDER}/email-passcode/", {"is_on": "no", **RESETS}, frozenset({A.PASSCODES_SET_POLICY, A.GUESTS_RESET})),
    (OFF, RESETS, frozenset({A.PROVIDERS_MANAGE, A.GUESTS_RESET})),
    (f"{ORDER}/provider/<uuid:provider_id>/remove/", RESETS, frozenset({A.PROVIDERS_MANAGE, A.GUESTS_RESET})),
    (
        f"{ORDER}/guests-domains/",
        {"denied_domains": "wingtip.example", "remedy": "revoke"},
        frozenset({A.SETTINGS_CHANGE, A.INVITATIONS_REVOKE}),
    ),
]
"""What else a page does where more is posted to it than its door's line says, and all the actions that this takes."""

OF_NO_ROLE = {
    "admin/login/",
    "admin/logout/",
    "admin/tenant/",
    "admin/tenant/offer/accept/",
    "admin/tenant/offer/decline/",
    "admin/tenant/switch/",
}
"""Pages outside any tenant: they ask who somebody is, not what their roles allow."""

EXEMPT_FROM_A_SEAT = {
    *(route for route in DOORS if route.startswith("admin/account/")),
    "admin/(app_list)",
    "admin/(everything else)",
    "admin/jsi18n/",
    *(route for route in DOORS if route.endswith("/<path:object_id>/")),
}
"""Pages that also answer who holds no role anywhere: with their own account, with nothing, or by leading elsewhere."""
