"""Made-up towns to measure with: the same for the same number, with nobody real in them.

May import what measurements may; no measurement itself. One file a topic.
"""
