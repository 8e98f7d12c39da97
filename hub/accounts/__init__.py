"""Users who log in with a password, sessions, API tokens, and the throttle of wrong logins.

May import `hub.web`, `hub.audit`, `hub.people` (a user may be a person) and `hub.database`.
Passwords are kept as argon2id, tokens and session cookies as peppered hashes only.
"""
