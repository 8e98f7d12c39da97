"""From values to what a template shows: pure functions into frozen rows, all text already words.

May import: hub.catalogue, the domains of topics, hub.pages.words. One page or piece a file.
"""
