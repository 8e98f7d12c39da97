"""The pages' routes, one page or a few that belong together a file; `hub.pages.routers` lists them.

A route parses, asks one service, and renders. GET changes nothing; every form carries its token.
"""
