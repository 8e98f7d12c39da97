"""Fuzzing: bytes that nobody sends, at everything that reads bytes from outside.

`python -m tests.fuzz [--seconds N] [NAME]` runs the targets and ends with one JSON line each.
Engine: atheris where it is installed, else seeded mutations of the corpus.
To add a target: a file `fuzz_<name>.py` with `TARGETS`, each a `target.PythonTarget` or anything
else that fulfils `target.Target` (a C program with libFuzzer, say), and its seeds under
`corpus/<name>/`. A crash that was found becomes a seed, named for what it shows.
"""
