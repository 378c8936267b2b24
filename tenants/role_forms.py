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
from tenants.forms import TOO_LONG
from tenants.models import Administrator, RoleAssignment, RoleOffer
from tenants.roles import Role, in_words
from tenants.scope import current_tenant_id

WIDE = {"class": "vTextField"}


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
    """Somebody who is to work here. Whether they have an account elsewhere is not the form's to say."""

    email = forms.CharField(
        max_length=254,
        widget=forms.EmailInput(attrs=WIDE),
        help_text="What they sign in with. Nothing is sent to it.",
        error_messages={"required": "Whom do you want to appoint? Enter their email.", **TOO_LONG},
    )
    name = forms.CharField(
        max_length=100,
        error_messages=TOO_LONG,
        required=False,
        widget=forms.TextInput(attrs=WIDE),
        help_text="How pages and invitations call them. The email where it is empty.",
    )
    roles_chosen = _roles_field()

    def clean_email(self) -> str:
        """In its one form (R70); the reason where it has none."""
        try:
            email = canonical(self.cleaned_data["email"]).key
        except AddressRefused as refused:
            raise forms.ValidationError(refused.reason) from None
        here = {"tenant_id": current_tenant_id(), "administrator__email": email}
        if RoleAssignment.objects.filter(**here).exists():
            raise forms.ValidationError(f"{email} is an administrator here already. Change their roles instead.")
        if RoleOffer.objects.filter(**here).exists():
            raise forms.ValidationError(f"{email} has an offer here already. Withdraw it to make another one.")
        return email

    def known(self) -> Administrator | None:
        """Who signs in with this email already, if anybody."""
        return Administrator.objects.filter(email=self.cleaned_data["email"]).first()

    def roles(self) -> list[Role]:
        return [Role(role) for role in self.cleaned_data["roles_chosen"]]
