"""The maintenance link: key boxes without a network and serial locks, and virtual ones.

Sans-I/O: `HostSession` and `DeviceSession` are stepped with bytes and a time. Shells:
`KeyboxClient` asks and waits, `serial_host.LockLink` keeps a lock's link in a thread,
`simulator.SimulatedBox` plays a device on a byte port. docs/keybox-link.md is the specification;
`firmware/` the reference firmware in C. The host's half may import `firmware_bridge.serial_link`
(shells only); the virtual device's half the wire as well, whose codes it takes.
To add a request: its class in `requests.py`, its answer in `answers.py`, its deed in
`virtual_box.py`.
"""
