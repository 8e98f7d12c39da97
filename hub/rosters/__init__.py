"""Plans: who is to work when. Weekly and shift patterns, their assignment, single days changed.

May import `hub.staff`, `hub.people`, `hub.worktime` and what those may. A plan is never edited
backwards in silence: every assignment carries its dates, and a closed month keeps what it was
reckoned by.
"""
