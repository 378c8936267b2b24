"""Django OAuth Toolkit as a partner's OpenID provider, in a process and with settings of its own."""
