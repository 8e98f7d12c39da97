"""Microcontrollers over serial lines: OSDP readers and door I/O, key boxes, firmware transfer.

Each protocol is a package of its own whose core does no I/O; `serial_link.py` is
the only file that knows pyserial. May import the standard library, cryptography,
structlog and pyserial; of ours nothing but, for key boxes, `wire`: the edge imports
this, never the reverse.
To add a protocol: write a sans-I/O core (bytes in + now -> bytes to send, events,
next wake-up) and a shell that drives it over a `serial_link.SerialPort`.
"""
