"""Editing a guest on their page: name, other addresses and sponsors (R55).

Knows how an administrator types them; what may be saved the operation decides. The address that they were invited with
is changed by a reset (R41).
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.http import HttpRequest

from guests.admin.forms import WIDE, read_address, read_addresses
from guests.models import Guest
from guests.operations.editing import Profile, Sponsor, edit_guest, profile_of, version_of
from guests.operations.inviting import MOST_SPONSORS
from tenants.addresses import Address
from tenants.doors.admin import TenantModelAdmin, actor, clock
from tenants.doors.desk import tenant_of
from tenants.forms import TOO_LONG
from tenants.models import Administrator

ADMINISTRATORS = "administrators"
"""The id of the list that suggests sponsors."""
SUGGESTED = 100


class EditForm(forms.Form):
    """The guest as they stand, to be changed. `version` is what the page showed."""

    display_name = forms.CharField(
        max_length=100,
        required=False,
        label="Display name",
        widget=forms.TextInput(attrs=WIDE),
        error_messages=TOO_LONG,
    )
    other_addresses = forms.CharField(
        max_length=3000,
        error_messages=TOO_LONG,
        required=False,
        label="Other addresses",
        widget=forms.Textarea(attrs={"class": "vLargeTextField", "rows": 2, "spellcheck": "false"}),
        help_text="One on each line. Whoever an identity provider confirms one of them for is this guest.",
    )
    version = forms.CharField(max_length=40, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, guest: Guest) -> None:
        profile = profile_of(guest)
        initial: dict[str, Any] = {
            "display_name": profile.name,
            "other_addresses": "\n".join(one.to_send for one in profile.other_addresses),
            "version": version_of(guest),
        }
        for number, sponsor in enumerate(profile.sponsors, start=1):
            initial |= {f"sponsor_{number}_name": sponsor.name, f"sponsor_{number}_address": sponsor.address}
        super().__init__(data, initial=initial)
        self.sponsors_shown = min(len(profile.sponsors) + 1, MOST_SPONSORS)
        for number in range(1, MOST_SPONSORS + 1):
            self._add_sponsor(number)

    def _add_sponsor(self, number: int) -> None:
        words = "Sponsor" if number == 1 else f"Sponsor {number}"
        self.fields[f"sponsor_{number}_name"] = forms.CharField(
            max_length=100,
            required=False,
            label=words,
            widget=forms.TextInput(attrs=WIDE),
            error_messages=TOO_LONG,
        )
        self.fields[f"sponsor_{number}_address"] = forms.CharField(
            max_length=254,
            error_messages=TOO_LONG,
            required=False,
            label=f"{words}’s email",
            widget=forms.EmailInput(
                attrs={**WIDE, "list": ADMINISTRATORS, "autocapitalize": "none", "autocomplete": "off"}
            ),
        )

    @property
    def sponsors(self) -> list[tuple[BoundField, BoundField]]:
        """Name and email of each sponsor that the page shows: those there are, those typed, and one more."""
        typed = [
            number
            for number in range(1, MOST_SPONSORS + 1)
            if self.data.get(f"sponsor_{number}_name") or self.data.get(f"sponsor_{number}_address")
        ]
        shown = max([self.sponsors_shown, *typed])
        return [(self[f"sponsor_{number}_name"], self[f"sponsor_{number}_address"]) for number in range(1, shown + 1)]

    def clean_other_addresses(self) -> list[Address]:
        return read_addresses(self.cleaned_data["other_addresses"])

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        for number in range(1, MOST_SPONSORS + 1):
            address = said.get(f"sponsor_{number}_address")
            if address:
                try:
                    read_address(address)
                except forms.ValidationError as error:
                    self.add_error(f"sponsor_{number}_address", error)
        return said

    def profile(self) -> Profile:
        """What was typed, for the operation."""
        said = self.cleaned_data
        typed = [
            Sponsor(said[f"sponsor_{number}_name"], said[f"sponsor_{number}_address"])
            for number in range(1, MOST_SPONSORS + 1)
        ]
        return Profile(
            said["display_name"], said["other_addresses"], [one for one in typed if one.name.strip() or one.address]
        )


class EditPages(TenantModelAdmin):
    """The part of the guests' admin that edits."""

    def is_edited(self, request: HttpRequest, guest: Guest, form: EditForm) -> bool:
        """Whether what was typed is saved; a refusal then stands on the form."""
        if not form.is_valid():
            return False
        outcome = edit_guest(
            tenant=tenant_of(request),
            guest_id=guest.pk,
            profile=form.profile(),
            actor=actor(request),
            now=clock(),
            shown_version=form.cleaned_data["version"],
        )
        if self.refused(outcome, form):
            return False
        self.message_user(request, f"The changes to {outcome} are saved.")
        return True


def suggested_sponsors(request: HttpRequest) -> list[tuple[str, str]]:
    """(name, address) of the tenant's administrators, the first by name."""
    found = Administrator.objects.filter(roles__tenant=tenant_of(request), is_active=True).distinct().order_by("name")
    return list(found.values_list("name", "email")[:SUGGESTED])
