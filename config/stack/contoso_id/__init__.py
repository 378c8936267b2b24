"""Contoso ID: a partner's OpenID provider on this machine, for the demonstration and for the suite.

Certified npm software does the protocol; Node.js runs it where there is one. Nothing of it belongs to the product.
"""
