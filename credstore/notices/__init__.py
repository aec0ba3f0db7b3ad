"""Notices of changes: a credential turned red, works again or ends soon. Noted with the change; sent later."""
