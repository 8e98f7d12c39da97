"""The town as an employer: departments, and who is employed where, as what, from when until when.

May import `hub.people`, `hub.worktime.domain` and what that may. Everything is effective-dated:
nothing that was true for a past month is ever overwritten by what is true now.
"""
