"""How Kagimori is put on machines: the demonstration, the broker, later services and containers.

May import everything of ours; nothing of ours imports it. To add a way of deploying: a folder of
its own, beside `mosquitto` (runs the broker) and `demo` (the whole town on one machine).
"""
