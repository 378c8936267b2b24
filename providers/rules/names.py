"""Methods by the names that an administrator reads. Words only."""

from providers.rules.facts import Method

METHOD_NAMES = {
    Method.ENTRA_ID: "Entra ID",
    Method.FEDERATION: "The partner's own provider",
    Method.GOOGLE: "Google",
    Method.FACEBOOK: "Facebook",
    Method.MICROSOFT_ACCOUNT: "Microsoft account",
    Method.PASSCODE: "A code by email",
    Method.CREATE_MICROSOFT_ACCOUNT: "Create a Microsoft account",
    Method.NONE: "No way in",
}
"""Methods as an administrator reads them."""
