"""PINs: drawing, guess-risk, sealing, where each is placed, standing codes, links.

A credential is one PIN for all doors of a booking's holder, a duress PIN beside it, or a standing
code of a door; a placement is that credential at one door, with the state that proves whether the
door holds it. May import: wire, hub.database, hub.keys, hub.web, hub.sites, hub.people,
hub.keyboxes, hub.policy.touch. Digits leave this package as a digest for a controller, and through
`service.reveal`, for `hub.bookings.holders.HolderPins.show` alone: it needs a right and is audited.
To filter one more weak pattern: a line in `weak.PATTERNS`, with the size it cannot exceed.
"""
