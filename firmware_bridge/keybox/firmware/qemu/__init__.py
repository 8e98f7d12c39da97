"""The core on an emulated Cortex-M0: results and instruction counts of the Thumb build."""
