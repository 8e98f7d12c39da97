"""The hub: bookings, PINs, people, doors, entries and attendance of a town, over HTTP and MQTT.

One folder a topic; inside it `endpoints -> service -> repository -> domain`. May import
`provisioning` and `wire`, never `edge`. `bootstrap.build` makes the running whole; importing
builds nothing. To add a topic: its `tables.py` into `hub.database.all_tables`, its service,
router and worker into `hub.bootstrap`, its sentences into `hub/catalogue/`.
"""
