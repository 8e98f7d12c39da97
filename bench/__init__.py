"""Repeatable measurements, each beside its peer or floor in the same run.

Run one with `python -m bench.<name>`. Every case prints one JSON line through
`bench.report.Report` and the program exits 1 when a goal is missed.
May import everything; nothing imports it. To add one: write `bench/<name>.py`
with a `main() -> int` that ends in `return report.exit_code`.
"""
