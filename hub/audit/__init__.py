"""Who did what, on what, when and from which kind of address: append-only, and chained by hash.

Every service that changes something calls `hub.audit.service.record` in its own transaction.
May import `hub.web` and `hub.database`; no other topic.
To add an action: use a new `topic.verb_in_the_past`, and `audit.<action>` in the catalogue.
"""
