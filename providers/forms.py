"""What an administrator fills in about how guests sign in. Forms parse; whether it may be stored the operations say."""

from django import forms

from providers.rules import PasscodeState
from tenants.addresses import Address, AddressRefused, canonical


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
