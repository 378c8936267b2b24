"""The forms of a tenant's own pages.

Knows how a person writes lists, colours and domains, and says at the field what cannot be read. It must never decide
what is allowed: the operation does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.utils.html import format_html

from tenants.addresses import AddressRefused, canonical_domain
from tenants.changing import Settings, version_of
from tenants.inviters import MEANS
from tenants.models import Tenant, WhoMayInvite
from tenants.origins import canonical_origin

WIDE = {"class": "vTextField"}
MOST_LINES = 2_000
"""Values in one list: what a page can still send and every invitation can still look through."""


TOO_LONG = {"max_length": "This has %(show_value)d characters. Shorten it to %(limit_value)d."}
NUMBER = {
    "invalid": "Write a whole number, in digits.",
    "min_value": "The least is %(limit_value)s. Choose a larger number.",
    "max_value": "The most is %(limit_value)s. Choose a smaller number.",
}
"""What a field says where Django's own words name no remedy."""


class LinesField(forms.CharField):
    """One value a line, each read by `read`; a ValueError's sentence is shown with the line that it is about."""

    def __init__(self, *, read: Callable[[str], str], **kwargs: Any) -> None:
        self.read = read
        attrs = {"class": "vLargeTextField", "rows": 3, "spellcheck": "false"}
        super().__init__(required=False, widget=forms.Textarea(attrs=attrs), **kwargs)

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]  # a list is what the operation takes
        lines = [line.strip() for line in (value or "").splitlines() if line.strip()]
        if len(lines) > MOST_LINES:
            raise forms.ValidationError(
                f"{len(lines):,} lines are too many: at most {MOST_LINES:,}. Nothing was saved."
            )
        found: dict[str, None] = {}
        for line in lines:
            try:
                read = self.read(line)
            except ValueError as error:
                raise forms.ValidationError(f"“{line[:100]}”: {error}") from None
            found[read] = None
        return list(found)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def validate(self, value: Any) -> None:
        """Nothing more: every line was read."""

    def run_validators(self, value: Any) -> None:
        """Nothing more: the validators are for text."""


def read_domain(text: str) -> str:
    """The domain as A-labels. Raises ValueError with the reason."""
    try:
        return canonical_domain(text)
    except AddressRefused as refused:
        raise ValueError(str(refused)) from None


class LogoForm(forms.Form):
    """One picture. What is in it is for the operation to say."""

    logo = forms.FileField(
        max_length=200,
        error_messages={
            "required": "Choose a file.",
            "empty": "The file is empty. Choose another.",
            "max_length": "The file’s name is too long. Rename it.",
        },
    )


class SettingsForm(forms.Form):
    """A tenant's settings as an administrator reads and types them."""

    shown_version = forms.CharField(max_length=32, required=False, widget=forms.HiddenInput)
    name = forms.CharField(
        max_length=100,
        widget=forms.TextInput(attrs=WIDE),
        help_text="Guests see it on every page.",
        error_messages={"required": "Name the tenant: guests see it on every page.", **TOO_LONG},
    )
    sender_name = forms.CharField(
        max_length=100,
        error_messages=TOO_LONG,
        required=False,
        label="Sender’s name",
        widget=forms.TextInput(attrs=WIDE),
        help_text="Whom emails come from. The tenant’s name where it is empty.",
    )
    colour = forms.RegexField(
        r"^#[0-9a-fA-F]{6}$",
        required=False,
        widget=forms.TextInput(attrs={**WIDE, "autocapitalize": "none", "spellcheck": "false"}),
        help_text="As #274690. It is darkened or lightened until it can be read; the page shows both.",
        error_messages={"invalid": "Write a colour as # and six digits, as #274690."},
    )
    privacy_statement_url = forms.URLField(
        max_length=500,
        error_messages={"invalid": "Write the whole address, as https://fabrikam.example/privacy.", **TOO_LONG},
        required=False,
        label="Privacy statement",
        assume_scheme="https",
        widget=forms.URLInput(attrs=WIDE),
        help_text="Where guests read it. Without one the pages say that there is none.",
    )
    terms_text = forms.CharField(
        max_length=50_000,
        error_messages=TOO_LONG,
        required=False,
        label="Terms of use",
        strip=True,
        widget=forms.Textarea(attrs={"class": "vLargeTextField", "rows": 8}),
        help_text="Plain text. Another text is a new version, which guests who redeem from then on accept.",
    )
    passcode_minutes = forms.IntegerField(
        min_value=10,
        max_value=30,
        error_messages={"required": "Choose how many minutes: 10 to 30.", **NUMBER},
        label="A passcode works for",
        help_text="Minutes, 10 to 30.",
    )
    invitation_days = forms.IntegerField(
        min_value=1,
        max_value=365,
        error_messages=NUMBER,
        required=False,
        label="An invitation works for",
        help_text="Days, 1 to 365. Empty: it does not expire. Holds for invitations made from now on.",
    )
    who_may_invite = forms.ChoiceField(
        choices=[
            (who.value, format_html('{}<span class="v-under">{}</span>', who.label, MEANS[who])) for who in WhoMayInvite
        ],
        widget=forms.RadioSelect,
        label="Who may invite guests",
        error_messages={"required": "Choose who may invite guests."},
    )
    landing_origins = LinesField(
        read=canonical_origin,
        label="Where guests may go on to",
        help_text="One origin a line, as https://app.example. Links to anywhere else end in My Apps.",
    )

    @classmethod
    def of(cls, tenant: Tenant) -> dict[str, Any]:
        """The tenant's present settings, as `initial`."""
        stored = {name: getattr(tenant, name) for name in cls.base_fields if name != "shown_version"}
        return {**stored, "shown_version": version_of(tenant)}

    def clean_colour(self) -> str:
        return str(self.cleaned_data["colour"]).lower()

    def settings(self) -> Settings:
        """What was typed, for the operation."""
        return Settings(**{name: value for name, value in self.cleaned_data.items() if name != "shown_version"})
