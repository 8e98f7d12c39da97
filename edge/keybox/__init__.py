"""Visits to key boxes, and what their logs tell: a laptop with a ticket, or a lock's own Pi.

`records` turns a device's log into events, `visit` says step by step what a visit does (both pure),
`visits` carries it out in a thread of its own for the command line (`cli`), and the agent's
loop alone journals. May import edge.core, edge.ports, edge.control_socket, wire and
firmware_bridge. To take up a new kind of record: `firmware_bridge/keybox/codes.py`, then `records`.
"""
