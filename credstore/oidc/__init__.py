"""Sign-in with an OpenID Connect provider: the authorization code flow with PKCE.

It knows no Flask and no database. No code, token or client secret is part of a repr, an exception or a log.
"""
