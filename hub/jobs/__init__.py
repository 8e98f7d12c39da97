"""Work that waits for somebody outside: mail servers, calendars, other systems' hooks.

`worker` runs each job in a thread of its own, so that a slow mail server never holds up the policy
of a door. Whatever only reads and writes the database is a chore (`hub.policy.worker.Chore`).
A new job is a class with `name`, `every_s` and `run`, and one line in `hub.bootstrap`.
"""
