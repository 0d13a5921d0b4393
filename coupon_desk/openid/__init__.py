"""Signing in through the company's OpenID Connect provider: the system's browser, and back by a redirect (RFC 8252)."""
