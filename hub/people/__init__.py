"""People, their groups and cards, and what they may open: grants, schedules, holiday calendars.

May import `hub.sites`, `hub.web`, `hub.database`, `hub.audit`, `wire`, `holidays`, and of
`hub.policy` `touch` and `horizon`. Names stay here: the edge is told ids. A card's number is sealed
and found by a blind index; it is never in a log, a URL or an answer.
"""
