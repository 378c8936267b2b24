"""The local stack: every server that the product needs, on one machine, out of wheels, with nothing installed before.

For trying, developing and testing. In production these servers are one's own and none of this package runs.
"""
