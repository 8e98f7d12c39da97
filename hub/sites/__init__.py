"""Sites, and what stands at them: controllers, devices, readers, doors, zones.

May import `hub.web`, `hub.database`, `hub.audit`, `hub.policy.touch` and `wire`; of `hub.people`
its repository and `use_limits`: a hold names a schedule, and limited grants keep a door in place.
To add a field that the edge must know: the column in `tables`, the field in `domain` and in its
`body()`, and in `schemas`; the policy compiler reads `body()` through `repository`.
"""
