"""People from outside: invitations, redemption, sessions, consent."""
