"""The pure heart of the agent: what came in, what is known, what follows.

Imports `wire` and the standard library's pure parts only; time is handed in. Nothing here raises
for what a person or a device did: a denial is a value.
"""
