"""The Raspberry Pi agent: decides at the door, journals before it acts, tells the hub.

May import `wire` and `firmware_bridge`, never `hub`, `provisioning` or `deploy`. Inside:
`bootstrap -> {service, drivers, journal, uplink} -> ports -> core`. The core is pure: it reads no
clock, disk, environment or randomness. To add a driver: one file in `drivers/` that fulfils
`ports.Driver`, its line in `bootstrap`, and the contract suite of `tests/edge/drivers`.
"""
