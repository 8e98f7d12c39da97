"""Turn raw events into what people read: entries, door states, punches, command outcomes.

One worker with a watermark of its own reads raw events in the order they were kept and hands each
to the projectors that `registry.py` lists; what they write and the watermark are one transaction.
May import: wire, hub.database, hub.ingest and, in `registry.py` alone, the topics that project.
To add a projector: write `project(scope, event)` in your topic and list it in `registry.py`.
"""
