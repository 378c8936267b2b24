"""The forms of the guests' pages in the portal.

Knows how an administrator types an invitation. It reads addresses through the one canonicaliser (R70) and must never
decide whether the guest may come: the operation does.
"""

from __future__ import annotations

from collections.abc import Sequence

from django import forms

from guests.operations.inviting import MOST_SPONSORS, Details
from guests.rules import LONGEST_MESSAGE, NAME_MISTAKES, NameMistake, message_mistake, plain_message, read_name
from tenants.addresses import Address, AddressRefused, canonical
from tenants.forms import TOO_LONG

WIDE = {"class": "vTextField"}
LINES = {"class": "vLargeTextField", "spellcheck": "false"}


def read_address(text: str) -> Address:
    """The address, or a form's error with the reason."""
    try:
        return canonical(text)
    except AddressRefused as refused:
        raise forms.ValidationError(str(refused)) from None


def read_addresses(text: str) -> list[Address]:
    """One address on each line, each once; or a form's error that says what is wrong with every line that is."""
    found: dict[str, Address] = {}
    wrong = []
    for line in filter(None, map(str.strip, text.replace(",", "\n").replace(";", "\n").splitlines())):
        try:
            address = canonical(line)
        except AddressRefused as refused:
            wrong.append(f"“{line[:80]}”: {refused}")
        else:
            found.setdefault(address.key, address)
    if wrong:
        raise forms.ValidationError(wrong)
    return list(found.values())


class InviteForm(forms.Form):
    """One guest to invite. `destinations` are (id, name, url) of the tenant's applications."""

    email = forms.CharField(
        max_length=254,
        widget=forms.EmailInput(attrs={**WIDE, "autocapitalize": "none", "spellcheck": "false"}),
        help_text="The guest proves that this address is theirs. It need not belong to any account.",
        error_messages={"required": "Whom do you want to invite? Enter their email.", **TOO_LONG},
    )
    display_name = forms.CharField(
        max_length=100, required=False, label="Name", widget=forms.TextInput(attrs=WIDE), error_messages=TOO_LONG
    )
    application = forms.ChoiceField(
        required=False, label="Take them to", help_text="Where the guest arrives after accepting."
    )
    sponsors = forms.CharField(
        max_length=3000,
        error_messages=TOO_LONG,
        required=False,
        widget=forms.Textarea(attrs={**LINES, "rows": 2}),
        help_text=(
            f"Up to {MOST_SPONSORS}, one address on each line. They are asked when the guest needs something. "
            "You, where it is empty. A guest who is here already keeps theirs."
        ),
    )
    sends_mail = forms.BooleanField(
        required=False,
        initial=True,
        label="Send the invitation by email",
        help_text="Without it you get a link to pass on yourself.",
    )
    message = forms.CharField(
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"class": "vLargeTextField", "rows": 4, "maxlength": LONGEST_MESSAGE}),
        help_text=f"Plain text, up to {LONGEST_MESSAGE} characters. Links in it are not made clickable.",
    )
    cc = forms.CharField(
        max_length=254,
        error_messages=TOO_LONG,
        required=False,
        label="Copy to",
        widget=forms.EmailInput(attrs=WIDE),
        help_text="One address at most. They learn who is invited and what you write. Only the guest gets the link.",
    )
    known = forms.CharField(max_length=80, required=False, widget=forms.HiddenInput)
    """What the page has said of a guest who is here already, so that it says so once."""

    def __init__(self, *args: object, destinations: list[tuple[str, str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments
        self.offered = destinations
        self.destinations = {key: (name, url) for key, name, url in destinations}
        self.fields["application"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            ("", "My Apps"),
            *((key, name) for key, name, _ in destinations),
        ]

    def clean_email(self) -> Address:
        return read_address(self.cleaned_data["email"])

    def clean_display_name(self) -> str:
        typed = self.cleaned_data["display_name"]
        name = read_name(typed) if typed else ""
        if isinstance(name, NameMistake):
            raise forms.ValidationError(NAME_MISTAKES[name])
        return name

    def clean_message(self) -> str:
        message = plain_message(self.cleaned_data["message"])
        mistake = message_mistake(message)
        if mistake:
            raise forms.ValidationError(mistake)
        return message

    def clean_sponsors(self) -> tuple[Address, ...]:
        found = read_addresses(self.cleaned_data["sponsors"])
        if len(found) > MOST_SPONSORS:
            raise forms.ValidationError(f"These are {len(found)} sponsors. A guest has at most {MOST_SPONSORS}.")
        return tuple(found)

    def clean_cc(self) -> str:
        typed = self.cleaned_data["cc"]
        return read_address(typed).to_send if typed else ""

    def details(self) -> Details:
        """What was typed, for the operation."""
        said = self.cleaned_data
        name, url = self.destinations.get(said["application"], ("", ""))
        return Details(
            name=said["display_name"],
            redirect_url=url,
            resource_name=name,
            message=said["message"],
            cc=said["cc"],
            sponsors=said["sponsors"],
        )

    def as_typed(self) -> dict[str, object]:
        """What stands in the fields, for a form that is edited on; nothing of it was checked."""
        return {field.name: field.data for field in self}


class ResetForm(forms.Form):
    """How one guest's new invitation goes out, and where to.

    `address` and `others` are the guest's. With `is_free` any new address may be typed; without it one of the others is
    chosen, and where there are none nothing is asked (R41).
    """

    sends_mail = forms.ChoiceField(
        choices=[("yes", "Send it by email"), ("no", "Show me the link")],
        initial="yes",
        widget=forms.RadioSelect,
        label="The new invitation",
    )

    new_address = forms.CharField(
        max_length=254,
        error_messages=TOO_LONG,
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

    def __init__(self, *args: object, address: str, others: Sequence[Address], is_free: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments
        self.may_be = None if is_free else {"", *(one.to_send for one in others)}
        if is_free:
            return
        if others:
            self.fields["new_address"] = forms.ChoiceField(
                required=False,
                label="New address",
                widget=forms.Select(attrs=WIDE),
                choices=[("", f"As now: {address}"), *((one.to_send, one.to_send) for one in others)],
                help_text="One that is theirs already. The invitation goes there; they sign in with it from now on.",
            )
        else:
            del self.fields["new_address"], self.fields["keeps_addresses"]

    @property
    def is_forced(self) -> bool:
        """Whether an address was sent that the form does not offer."""
        return self.may_be is not None and self.data.get("new_address", "") not in self.may_be

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
