"""The one loop: takes from the queue, decides, journals, acts, journals the result.

May import `wire`, `edge.core`, `edge.ports`. `loop.py` dispatches; each other file does one thing
with what came in. Everything here runs in the loop's thread. To handle one more kind of thing: its
type in `core/model.py` or `ports.py`, a handler here, a line in `loop.py`.
"""
