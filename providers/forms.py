"""What an administrator fills in about how guests sign in. Forms parse; whether it may be stored the operations say."""

from typing import Any

from django import forms
from django.http import QueryDict

from providers.fetching import mistake_in_url
from providers.kinds import Kind, Setting
from providers.models import IdentityProvider
from providers.operations import IDENTITIES
from providers.rules import PasscodeState
from tenants.addresses import Address, AddressRefused, canonical, canonical_domain

WIDE = {"class": "vTextField"}
LONGEST_TYPED = 40_000
"""Characters that a form takes without a file: what a whole form may have, with room for the other fields."""
LONGEST_FILE = 1024 * 1024  # octets, as much as is fetched from an address


class EmailPasscodeForm(forms.Form):
    """Yes or No, as the document has it (R61). Yes is stored as `enabled`: from then on somebody has said so (R6)."""

    YES, NO = "yes", "no"

    is_on = forms.ChoiceField(
        choices=[(YES, "Yes"), (NO, "No")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose Yes or No.", "invalid_choice": "Choose Yes or No."},
    )

    def state(self) -> PasscodeState:
        """What is to be stored. Call it on a valid form."""
        return PasscodeState.ENABLED if self.cleaned_data["is_on"] == self.YES else PasscodeState.DISABLED


class ExplainForm(forms.Form):
    """An address whose way in is to be explained (R60)."""

    address = forms.CharField(
        label="Email address",
        max_length=600,  # longer than any address, so that the reason comes from the one canonicaliser
        help_text="Invited or not. Nothing is sent, and the person is not told.",
        widget=forms.EmailInput(attrs={"class": "vTextField", "autocomplete": "off"}),
        error_messages={"required": "Enter an email address, such as nicole@example.com."},
    )

    def clean_address(self) -> Address:
        """The address in its canonical form (R70), or the reason why it is none."""
        try:
            return canonical(self.cleaned_data["address"])
        except AddressRefused as refused:
            raise forms.ValidationError(refused.reason) from None


class ProviderForm(forms.Form):
    """A provider of the tenant's own, with a field for each thing that its kind asks for.

    The secret and long documents are never put back into a page that is opened; left empty, the stored ones stay.
    """

    name = forms.CharField(
        max_length=100,
        widget=forms.TextInput(attrs=WIDE),
        help_text="Guests see it when they are sent there.",
        error_messages={"required": "Give the provider a name, such as Contoso ID."},
    )

    def __init__(
        self, kind: Kind, data: Any = None, files: Any = None, *, stored: IdentityProvider | None = None
    ) -> None:
        super().__init__(data, files)
        self.kind, self.stored = kind, stored
        self._read: dict[str, str] = {}
        if stored is not None:
            self.initial["name"] = stored.name
        for setting in kind.settings:
            self._ask(setting)
        if (
            kind.is_bound_to_domains and stored is None
        ):  # a stored one's are changed on a page that says whom it touches
            self.fields["domains"] = forms.CharField(
                label="Domains",
                widget=forms.Textarea(attrs={"rows": 4, "autocapitalize": "none", "spellcheck": "false"}),
                help_text="One on each line, such as contoso.example. The provider answers for addresses there, and "
                "for no others.",
                error_messages={"required": "Name at least one domain that the provider answers for."},
            )

    def fieldsets(self) -> list[tuple[str | None, dict[str, Any]]]:
        """What the provider is, and how it is reached."""
        first = [name for name in ("name", "domains") if name in self.fields]
        rest = [name for name in self.fields if name not in first]
        return [("Provider", {"fields": first}), ("Connection", {"fields": rest})]

    def typed_settings(self) -> dict[str, str]:
        """The kind's settings by name, without the secret. Call it on a valid form."""
        return {one.name: self.cleaned_data[field_of(one)] for one in self.kind.settings if not one.is_secret}

    def typed_secret(self) -> str:
        """The secret, "" where none was typed. Call it on a valid form."""
        return next((str(self.cleaned_data[field_of(one)]) for one in self.kind.settings if one.is_secret), "")

    def typed_domains(self) -> list[str]:
        """The domains in canonical form. Call it on a valid form."""
        return list(self.cleaned_data.get("domains", ()))

    def keep_what_was_read(self) -> None:
        """Put a file's text where it can be sent again: a browser sends no file twice by itself."""
        for name, text in self._read.items():
            if len(text) > LONGEST_TYPED:
                self.add_error(f"{name}_file", "Choose the file again: it is too long to be kept on this page.")
            else:
                self.data = {**self.data.dict(), name: text} if isinstance(self.data, QueryDict) else self.data

    def clean_domains(self) -> list[str]:
        """Each line's domain in canonical form (R70), or what is wrong with the first that is none."""
        found = []
        for line in self.cleaned_data["domains"].replace(",", "\n").splitlines():
            if not line.strip():
                continue
            try:
                found.append(canonical_domain(line))
            except AddressRefused as refused:
                raise forms.ValidationError(f"{line.strip()[:60]}: {refused.reason}") from None
        return found

    def clean(self) -> dict[str, Any]:
        """Take each file's text in place of what was typed, and check addresses that would be called."""
        for setting in self.kind.settings:
            name = field_of(setting)
            if setting.is_long and self.cleaned_data.get(f"{name}_file"):
                self._take_file(name, self.cleaned_data[f"{name}_file"])
            elif setting.is_url and self.cleaned_data.get(name):
                mistake = mistake_in_url(self.cleaned_data[name])
                if mistake is not None:
                    self.add_error(name, mistake)
        return self.cleaned_data

    def _take_file(self, name: str, file: Any) -> None:
        if file.size is None or file.size > LONGEST_FILE:
            self.add_error(f"{name}_file", f"This file is larger than {LONGEST_FILE // 1024} KiB. Choose another.")
            return
        try:
            text = file.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            self.add_error(f"{name}_file", "This file is no text in UTF-8. Choose the metadata's XML file.")
            return
        self._read[name] = self.cleaned_data[name] = text

    def _ask(self, setting: Setting) -> None:
        name, is_new = field_of(setting), self.stored is None
        help_text = setting.help
        if self.stored is not None and setting.is_secret and self.stored.sealed_secret:
            help_text = "One is stored, and never shown. Left empty, it stays; another takes its place."
        elif not is_new and setting.is_long:
            help_text = f"{help_text} Left empty, what is stored stays.".strip()
        field = forms.CharField(
            label=setting.label,
            required=setting.is_required and (is_new or not setting.is_secret),
            strip=not setting.is_secret,
            help_text=help_text,
            widget=_widget(setting),
            error_messages={"required": f"{setting.label} is missing."},
        )
        if self.stored is not None and not (setting.is_secret or setting.is_long):
            self.initial[name] = self.stored.settings.get(setting.name, "")
            if setting.name in IDENTITIES:
                field.disabled = True
                field.help_text = "Guests are known by it, so it stays as it is. Add a second provider for another one."
        self.fields[name] = field
        if setting.is_long:
            self.fields[f"{name}_file"] = forms.FileField(
                label=f"{setting.label}, as a file",
                required=False,
                max_length=200,
                help_text=f"In place of the text above; needed where that is longer than {LONGEST_TYPED:,} characters.",
                error_messages={"empty": "The file is empty. Choose another."},
            )


def field_of(setting: Setting) -> str:
    """A field's name, which cannot be one of the form's own."""
    return f"setting_{setting.name}"


def _widget(setting: Setting) -> forms.Widget:
    if setting.is_secret:
        # "off" is not heeded at passwords: a browser would fill in the administrator's own.
        return forms.PasswordInput(render_value=False, attrs={**WIDE, "autocomplete": "new-password"})
    plain = {**WIDE, "autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
    if setting.is_long:
        return forms.Textarea(attrs={**plain, "rows": 6, "class": "vLargeTextField"})
    return forms.URLInput(attrs=plain) if setting.is_url else forms.TextInput(attrs=plain)
