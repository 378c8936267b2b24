"""How administrators and their roles are typed.

Knows the forms, with a sentence for each role out of tenants/roles.py. It writes nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tenants.addresses import AddressRefused, canonical
from tenants.models import Administrator, RoleAssignment
from tenants.roles import Role, in_words
from tenants.scope import current_tenant_id

WIDE = {"class": "vTextField"}

KNOWN = (
    "Somebody signs in with this email already, with an account that was not made here. Ask them whether that is them, "
    "by phone or in person, then tick the box below. The account gets the roles and keeps its password."
)


def _choice(role: Role) -> tuple[str, SafeString]:
    return role.value, format_html('<span>{}<span class="v-under">{}</span></span>', role.label, in_words(role))


def _roles_field() -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        choices=[_choice(role) for role in Role],
        label="Roles",
        widget=forms.CheckboxSelectMultiple(attrs={"class": "v-checks"}),
        error_messages={
            "required": "Choose at least one role.",
            "invalid_choice": "One of these roles does not exist. Choose again.",
        },
    )


class RolesForm(forms.Form):
    """The roles of one administrator. `held` are those of now; `is_open` says whether they may be changed here."""

    before = forms.CharField(max_length=500, required=False, widget=forms.HiddenInput)
    roles_chosen = _roles_field()

    def __init__(self, *args: Any, held: Collection[Role], is_open: bool, **kwargs: Any) -> None:
        shown = {"before": " ".join(held), "roles_chosen": list(held)}
        super().__init__(*args, **{**kwargs, "initial": shown})
        for field in self.fields.values():
            field.disabled = not is_open

    def roles(self) -> list[Role]:
        return [Role(role) for role in self.cleaned_data["roles_chosen"]]

    def shown(self) -> list[Role]:
        """The roles that the page showed when they were chosen."""
        return [Role(role) for role in self.cleaned_data["before"].split() if role in Role.values]


class AppointForm(forms.Form):
    """Somebody who is to work here. Who has an account already is asked about once more."""

    email = forms.EmailField(
        max_length=254, widget=forms.EmailInput(attrs=WIDE), help_text="What they sign in with. Nothing is sent to it."
    )
    name = forms.CharField(
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs=WIDE),
        help_text="How pages and invitations call them. The email where it is empty.",
    )
    roles_chosen = _roles_field()
    is_them = forms.BooleanField(required=False, label="I asked them: this is their account")

    def clean_email(self) -> str:
        """In its one form (R70); the reason where it has none."""
        try:
            return canonical(self.cleaned_data["email"]).key
        except AddressRefused as refused:
            raise forms.ValidationError(refused.reason) from None

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        known = self.known() if "email" in cleaned else None
        if known and RoleAssignment.objects.filter(administrator=known, tenant_id=current_tenant_id()).exists():
            self.add_error("email", f"{known.email} is an administrator here already. Change their roles instead.")
        elif known and not cleaned.get("is_them"):
            self.add_error("is_them", KNOWN)
        return cleaned

    def known(self) -> Administrator | None:
        """Who signs in with this email already, if anybody."""
        return Administrator.objects.filter(email=self.cleaned_data["email"]).first()

    def shown_fields(self) -> list[str]:
        """The question about a known account stands on the page only where it arose."""
        is_asked = self.is_bound and ("is_them" in self.errors or self.cleaned_data.get("is_them"))
        return [name for name in self.fields if name != "is_them" or is_asked]

    def roles(self) -> list[Role]:
        return [Role(role) for role in self.cleaned_data["roles_chosen"]]
