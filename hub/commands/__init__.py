"""Steering doors: remote unlock with its outcome, modes and emergencies, who may open a door.

Only `unlock` is a command: it names the controller's present session and lives ten seconds.
Everything that lasts is a mode: a policy entry with an order number.
May import: wire, hub.database, hub.web, hub.sites, hub.people, hub.policy, hub.link, hub.audit.
"""
