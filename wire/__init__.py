"""What edge and hub say to one another, byte by byte: version 1 of the wire.

Holds topics, envelope, messages, events, policy entries and their digest, signatures and PIN
mathematics as types and closed lists. It does no input or output, reads no clock, and imports
nothing of ours. To add a message: a frozen struct in `messages`, its topic in `topics`, a sample
in `samples`, a golden file by `python -m tests.wire.make_golden`, a line in docs/wire.md.
"""
