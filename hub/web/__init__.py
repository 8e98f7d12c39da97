"""What every request passes through: identity, rights, problems, limits, headers, pages' base.

May import `hub.database`, `hub.catalogue`, `hub.keys`, `hub.clock`; no topic.
To add a route: an `APIRouter` in the topic's `endpoints.py`, on every route `requires(Right.X)` or
`public()`, services by `provided(Service)`, the router into `hub.app.ROUTERS`. To add an error: a
`ProblemKind` in the topic and `problem.<code>` in the catalogue.
"""
