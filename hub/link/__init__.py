"""The hub's end of the wire: who says what to whom, over a broker that is trusted with nothing.

`mqtt.py` and its parts alone know MQTT; `desk.py` answers hello with welcome and judges sessions;
`inbound.py` opens envelopes and sorts; alarms become rows. Events go to `hub.ingest`; want and
reported go to callables given at construction. May import: wire, provisioning, hub.database,
hub.clock. To take one more upward channel: its handler in `desk.py`.
"""
