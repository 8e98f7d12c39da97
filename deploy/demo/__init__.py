"""The whole town on one machine: hub, broker, two simulated sites, and a page to play with them.

May import everything; nothing of ours imports it. Whatever decides runs in the production processes
through their own `bootstrap`; here stand only what replaces hardware (readers, cards, a bolt, a
network cable) and the story that `--once` tells. Only this folder knows the embedded broker.
"""
