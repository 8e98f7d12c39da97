"""The edge's own log and its policy, on one SQLite file with one connection.

`file.py` opens, preallocates, checks and sets aside; `journal.py` commits before anything acts and
hands rows to the uplink; `policy_store.py` keeps the hub's entries as they came. Used by the
loop's thread alone. May import `wire`, `edge.core`, `edge.ports`. To keep one more thing: a table
in `file.py` and, if it must survive damage, a line in `salvage.py`.
"""
