"""The reference firmware of key boxes and serial locks, in portable C99.

`core/` is the device (no heap, no OS, no globals: one `struct kb_box`), `hal/` one folder a
board, `tools/` the programs: the simulator and the code check. `build.py` compiles them.
May import the standard library alone. To add a board: a folder under `hal/` that fills
`struct kb_hal`, and a target in `build.py`. `hal/posix/README.md` tells how to drive the simulator.
"""
