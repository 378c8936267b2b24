"""The guests' ways in and through (R37, DESIGN 5). `<tenant>` is an id or a verified domain."""

from django.urls import path

from guests.views import common_endpoint, consent, redemption, sign_in, signing_out

app_name = "guests"

urlpatterns = [
    path("", common_endpoint.sign_in, name="common"),
    path("sign-in-options", common_endpoint.options, name="options"),
    path("organization", common_endpoint.organization, name="organization"),
    path("<tenant:tenant>", sign_in.front_door, name="front_door"),
    path("<tenant:tenant>/send-code", sign_in.send_code, name="send_code"),
    path("<tenant:tenant>/sign-in/<uuid:flow_id>", sign_in.enter_code, name="enter_code"),
    path("<tenant:tenant>/sign-in/<uuid:flow_id>/again", sign_in.send_again, name="send_again"),
    path("<tenant:tenant>/redeem/<str:ticket>", redemption.redeem, name="redeem"),
    path("<tenant:tenant>/redeem/<str:ticket>/ask", redemption.ask_again, name="ask_again"),
    path("<tenant:tenant>/redeem/<str:ticket>/switch", redemption.switch, name="switch"),
    path("<tenant:tenant>/asked", redemption.asked, name="asked"),
    path("<tenant:tenant>/permissions", consent.permissions, name="permissions"),
    path("<tenant:tenant>/terms", consent.terms, name="terms"),
    path("<tenant:tenant>/declined", consent.declined, name="declined"),
    path("<tenant:tenant>/sign-out", signing_out.sign_out, name="sign_out"),
    path("<tenant:tenant>/signed-out", signing_out.signed_out, name="signed_out"),
]
