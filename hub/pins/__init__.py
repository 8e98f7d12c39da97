"""PINs: drawing, guess-risk, sealing, where each is placed, and the link that shows one.

A credential is one PIN for all doors of a booking; a placement is that credential at one door,
with the state that proves whether the door holds it. May import: wire, hub.database, hub.keys,
hub.web, hub.sites, hub.people, hub.policy.touch. The digits leave this package in two ways only:
as a digest for a controller, and through `service.reveal`, which needs a right and is audited.
To filter one more weak pattern: a line in `weak.PATTERNS`, with the size it cannot exceed.
"""
