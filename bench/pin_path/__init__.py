"""The parts of `bench.pins`: a town of many controllers, their simulator, load, watcher, floors.

The simulator is a process of its own, run by `python -m bench.pin_path.fleet`.
May import everything. To measure another change: its request in `changes.py`, its turn in
`bench.pins`.
"""
