"""How guests prove who they are: the methods, the order in which they are tried, the tenant's own providers."""
