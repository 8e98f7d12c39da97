"""Backup and restore of the hub's database: docs/backup.md.

`copying.py` takes a copy with its manifest, `desk.py` lets the command line ask the running hub for
one, `restoring.py` puts one back as a new life of the hub. Keys are never part of it. May import:
hub.database, hub.audit, hub.policy.hub_epoch, provisioning, wire. What a restore must end is one
line in `restoring.py`.
"""
