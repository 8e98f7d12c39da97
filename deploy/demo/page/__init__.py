"""The page of simulated doors: `app` serves it, beside it lie its document, styles and script.

It is the demo's own and decides nothing: a button does what a hand would do. Loopback only.
"""
