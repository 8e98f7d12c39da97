"""Working time reckoned a second time, from docs/attendance-rules.md alone: one minute at a time.

Slow and obvious on purpose: sets of single minutes and loops over them, no arithmetic on spans. It
shares only the types of `hub.worktime` with the reckoning it holds to account; nothing in `hub`
imports it. A rule that the page gains is written here anew, never copied from `hub.worktime`.
"""
