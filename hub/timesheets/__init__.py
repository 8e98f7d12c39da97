"""Months: everything gathered, reckoned, compared, alerted, signed and closed.

May import `hub.applications`, `hub.rosters`, `hub.leave`, `hub.staff`, `hub.attendance`,
`hub.entries` and `hub.worktime`. A closed month is never changed: what is late is an adjustment.
"""
