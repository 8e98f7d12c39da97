"""Visitors and contractors: who comes when, whom they visit, with whom they walk.

May import `hub.people`, `hub.sites`, `hub.entries`. A visitor is a person whose card and grants end
by themselves.
"""
