"""The parts of `bench.delivery`: a town on this machine, load, peers, floors.

Each part that stands for a process of its own is run by `python -m bench.event_path.<part>`.
May import everything. To add a peer: a `main` in `subscribers.py`, and its turn in `delivery.py`.
"""
