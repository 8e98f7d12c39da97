"""What people see: the console (today, doors, bookings, log, attendance) and residents' pages.

Every page is drawn on the server and works without a script; `live.js` keeps boards fresh. A page
is an endpoint that parses, a view (`views/`: from what services give to what a template shows;
pure) and a template. May import: hub.web, hub.catalogue and the services of the topics it shows.
To add one: its view, its template in `templates/pages/`, its router in `endpoints.py`.
"""
