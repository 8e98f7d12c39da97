"""Boards on a wire, in a process of their own, for measurements of control panels."""
