"""The portal's forms speak their own words where something does not fit: Django's name no remedy."""

from __future__ import annotations

import pytest
from django import forms

from applications.admin import ApplicationForm
from guests.admin.editing import EditForm
from guests.admin.forms import InviteForm, ResetForm
from tenants.admin.keeping import KeepingForm
from tenants.forms import SettingsForm
from tenants.role_forms import AppointForm

FORMS: list[type[forms.Form]] = [
    ApplicationForm,
    AppointForm,
    EditForm,
    InviteForm,
    KeepingForm,
    ResetForm,
    SettingsForm,
]


def typed_fields(form: type[forms.Form]) -> dict[str, forms.Field]:
    """The fields in which somebody types."""
    return {
        name: field
        for name, field in form.base_fields.items()
        if not field.widget.is_hidden and isinstance(field, forms.CharField | forms.IntegerField)
    }


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_J_what_is_too_long_or_no_number_is_told_with_the_remedy(form: type[forms.Form]) -> None:
    for name, field in typed_fields(form).items():
        wrong = ["x" * 60_000] if isinstance(field, forms.CharField) else ["x", "0", "99999"]
        for typed in wrong:
            if isinstance(field, forms.CharField) and field.max_length is None:
                continue  # a rule of ours judges its length
            with pytest.raises(forms.ValidationError) as caught:
                field.clean(typed)
            said = " ".join(caught.value.messages)
            assert not any(words in said for words in ("Ensure", "Enter a", "valid")), (name, said)
