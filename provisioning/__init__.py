"""Who may speak to whom: certificate authority, an installation's keys, the broker's rules.

May import `wire` only. `authority` decides what a certificate says, `register` keeps what was
issued, `hub_keys` and `controller_keys` hold the two sides' files, `mosquitto` writes the broker's
configuration, `enrolment` joins them, `cli` is the command line. To certify something new: a
`Purpose` in `authority`, a function in `enrolment`, a test that no other purpose passes for it.
"""
