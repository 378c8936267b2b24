"""The tenant's applications: My Apps, direct links, first-party apps."""
