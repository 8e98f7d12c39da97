"""What developers and their tests need of a machine: packages, and servers for a single run.

May import everything; imported by tests and measurements only. To add a server: one module whose
class starts it on loopback or in a namespace of its own, and ends it when closed.
"""
