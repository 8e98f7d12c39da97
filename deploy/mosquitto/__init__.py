"""Mosquitto as Kagimori runs it: `process` starts one on a directory that provisioning wrote.

May import `provisioning` and `wire`. README.md tells how it is run in production.
"""
