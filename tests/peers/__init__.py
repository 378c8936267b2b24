"""Other people's software that the product is tried against, started by the tests that need it."""
