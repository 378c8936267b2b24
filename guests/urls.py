"""The guests' ways in and through (R37, DESIGN 5). `<tenant>` is an id or a verified domain."""

from django.urls import path

from guests.views import (
    account,
    common_code,
    common_endpoint,
    consent,
    first_party,
    inviting,
    organizations,
    posted_answers,
    provider_return,
    redemption,
    sign_in,
    signing_out,
)

app_name = "guests"

urlpatterns = [
    path("", common_endpoint.sign_in, name="common"),
    path("sign-in-options", common_endpoint.options, name="options"),
    path("organization", common_endpoint.organization, name="organization"),
    path("forget-organizations", organizations.forget, name="forget_organizations"),
    path("other-organizations", organizations.others, name="others"),
    path("sign-in", first_party.send_code, name="first_party"),
    path("sign-in/<uuid:flow_id>", common_code.enter_code, name="common_code"),
    path("sign-in/<uuid:flow_id>/again", common_code.send_again, name="common_again"),
    path("<tenant:tenant>", sign_in.front_door, name="front_door"),
    path("<tenant:tenant>/send-code", sign_in.send_code, name="send_code"),
    path("<tenant:tenant>/sign-in/<uuid:flow_id>", sign_in.enter_code, name="enter_code"),
    path("<tenant:tenant>/sign-in/<uuid:flow_id>/again", sign_in.send_again, name="send_again"),
    path("<tenant:tenant>/sign-in/<uuid:flow_id>/arrived", provider_return.arrived, name="arrived"),
    path("<tenant:tenant>/sign-in/<uuid:flow_id>/prove", provider_return.prove, name="prove"),
    path(
        "<tenant:tenant>/sign-in/<uuid:flow_id>/another-account",
        provider_return.another_account,
        name="another_account",
    ),
    path("return/<str:kind_id>", provider_return.returned_to_installation, name="returned_to_installation"),
    path("<tenant:tenant>/return/<uuid:provider_id>", provider_return.returned, name="returned"),
    path("<tenant:tenant>/saml/acs", posted_answers.saml, name="saml_acs"),
    path("<tenant:tenant>/wsfed", posted_answers.ws_federation, name="wsfed"),
    path("<tenant:tenant>/redeem/<str:ticket>", redemption.redeem, name="redeem"),
    path("<tenant:tenant>/redeem/<str:ticket>/ask", redemption.ask_again, name="ask_again"),
    path("<tenant:tenant>/redeem/<str:ticket>/switch", redemption.switch, name="switch"),
    path("<tenant:tenant>/asked", redemption.asked, name="asked"),
    path("<tenant:tenant>/permissions", consent.permissions, name="permissions"),
    path("<tenant:tenant>/terms", consent.terms, name="terms"),
    path("<tenant:tenant>/declined", consent.declined, name="declined"),
    path("<tenant:tenant>/about-you", account.about, name="about"),
    path("<tenant:tenant>/about-you/sign-out-elsewhere", account.end_others, name="end_others"),
    path("<tenant:tenant>/invite", inviting.invite, name="invite"),
    path("<tenant:tenant>/invited", inviting.invited, name="invited"),
    path("<tenant:tenant>/leave", account.leave, name="leave"),
    path("<tenant:tenant>/left", account.left, name="left"),
    path("<tenant:tenant>/sign-out", signing_out.sign_out, name="sign_out"),
    path("<tenant:tenant>/signed-out", signing_out.signed_out, name="signed_out"),
]
