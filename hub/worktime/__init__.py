"""Working time reckoned: from presence, plans and approved claims to minutes of each pay class.

Pure: no clock, no database, no network; whoever asks hands everything in, and the same input gives
the same minutes for ever. May import `hub.attendance.domain` and `holidays`, nothing else of ours.
A new pay class is a member of `domain.PayClass`, its table in the ordinance, its rule in `classes`.
"""
