"""Raw events, exactly once: stored, counted through, and only then acknowledged.

One transaction holds the rows of many messages and the contiguous watermark of each (controller,
epoch); the MQTT acknowledgements and our own acks follow its commit. Nothing is read out of an
event here but its shape and origin: `hub.projection` does the rest. May import: wire, hub.database,
hub.clock, hub.link. To keep one more thing about a row: a column in `tables.py`.
"""
