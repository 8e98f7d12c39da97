"""Applications and their approval: overtime, holiday work, swaps, leave, trips, corrections.

May import `hub.staff`, `hub.rosters`, `hub.leave`, `hub.attendance`, `hub.worktime`. Approved ones
become claims of `hub.worktime.domain`; nothing else of them reaches the reckoning.
"""
