"""Leave: kinds, grants, carry-over, what was taken, and what is left; by day, half day and hour.

May import `hub.staff`, `hub.worktime` and what those may. Balances are derived from a ledger whose
entries are never changed: a correction is an entry of its own.
"""
