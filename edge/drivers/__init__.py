"""Drivers: one for each kind of hardware, each fulfilling `ports.Driver` for one port.

May import `wire`, `firmware_bridge`, `edge.core`, `edge.cards` and `edge.ports`; nothing imports a
driver but `driver_choice`, so that its library is asked for only where it is used. To add one: one
file with one class, its line in `driver_choice`, its bench in `tests/edge/drivers/benches/`; shown
from beginning to end in docs/drivers.md.
"""
