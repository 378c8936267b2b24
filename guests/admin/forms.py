"""The forms of the guests' pages in the portal.

Knows how an administrator types an invitation. It reads addresses through the one canonicaliser (R70) and must never
decide whether the guest may come: the operation does.
"""

from __future__ import annotations

from django import forms

from guests.operations.inviting import Details
from guests.rules import LONGEST_MESSAGE
from tenants.addresses import Address, AddressRefused, canonical

WIDE = {"class": "vTextField"}


def read_address(text: str) -> Address:
    """The address, or a form's error with the reason."""
    try:
        return canonical(text)
    except AddressRefused as refused:
        raise forms.ValidationError(str(refused)) from None


class InviteForm(forms.Form):
    """One guest to invite. `destinations` are (id, name, url) of the tenant's applications."""

    email = forms.CharField(
        max_length=254,
        widget=forms.EmailInput(attrs={**WIDE, "autocapitalize": "none", "spellcheck": "false"}),
        help_text="The guest proves that this address is theirs. It need not belong to any account.",
        error_messages={"required": "Whom do you want to invite? Enter their email."},
    )
    display_name = forms.CharField(max_length=100, required=False, label="Name", widget=forms.TextInput(attrs=WIDE))
    application = forms.ChoiceField(
        required=False, label="Take them to", help_text="Where the guest arrives after accepting."
    )
    sends_mail = forms.BooleanField(
        required=False,
        initial=True,
        label="Send the invitation by email",
        help_text="Without it you get a link to pass on yourself.",
    )
    message = forms.CharField(
        max_length=LONGEST_MESSAGE,
        required=False,
        widget=forms.Textarea(attrs={"class": "vLargeTextField", "rows": 4}),
        help_text=f"Plain text, up to {LONGEST_MESSAGE} characters. Links in it are not made clickable.",
    )
    cc = forms.CharField(
        max_length=254,
        required=False,
        label="Copy to",
        widget=forms.EmailInput(attrs=WIDE),
        help_text="One address at most. They get the same email; its link works only for the guest’s address.",
    )

    def __init__(self, *args: object, destinations: list[tuple[str, str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments
        self.destinations = {key: (name, url) for key, name, url in destinations}
        self.fields["application"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            ("", "My Apps"),
            *((key, name) for key, name, _ in destinations),
        ]

    def clean_email(self) -> Address:
        return read_address(self.cleaned_data["email"])

    def clean_cc(self) -> str:
        typed = self.cleaned_data["cc"]
        return read_address(typed).to_send if typed else ""

    def details(self) -> Details:
        """What was typed, for the operation."""
        said = self.cleaned_data
        name, url = self.destinations.get(said["application"], ("", ""))
        return Details(
            name=said["display_name"].strip(),
            redirect_url=url,
            resource_name=name,
            message=said["message"].strip(),
            cc=said["cc"],
        )


class ResetForm(forms.Form):
    """How the new invitations go out, and for one guest alone where to."""

    sends_mail = forms.ChoiceField(
        choices=[("yes", "Send it by email"), ("no", "Show me the links")],
        initial="yes",
        widget=forms.RadioSelect,
        label="The new invitation",
    )

    new_address = forms.CharField(
        max_length=254,
        required=False,
        label="New address",
        widget=forms.EmailInput(attrs={**WIDE, "autocapitalize": "none", "spellcheck": "false"}),
        help_text="Only where the guest changes it. The invitation goes there, and they sign in with it from then on.",
    )

    keeps_addresses = forms.BooleanField(
        required=False,
        label="It is the same person: their old addresses go on proving them",
        help_text="Without it, none of the addresses they have now lets anybody in: their duties may be another’s.",
    )

    def __init__(self, *args: object, guests: int, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments
        if guests != 1:
            del self.fields["new_address"], self.fields["keeps_addresses"]

    def clean_new_address(self) -> Address | None:
        typed = self.cleaned_data["new_address"]
        if typed and self.cleaned_data.get("sends_mail") == "no":
            raise forms.ValidationError("The invitation goes to a new address by email. Choose that above.")
        return read_address(typed) if typed else None

    @property
    def new(self) -> Address | None:
        """The address to move the guest to, if one was typed."""
        found: Address | None = self.cleaned_data.get("new_address")
        return found

    @property
    def is_mailed(self) -> bool:
        return bool(self.cleaned_data["sends_mail"] == "yes")
