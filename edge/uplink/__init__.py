"""The edge's end of the wire: a delivery session without I/O and the MQTT link that carries it.

`session.py` is fed what happened and says what to do; it reads rows and policy through the ports of
`reader.py` and never touches a clock or a socket. `mqtt.py` alone knows paho. May import `wire`,
`edge.core`, `edge.ports`. To add a downward channel: its handler in `session.py`, listed in
`_HANDLERS`; a new trigger or state: the table in `states.py`.
"""
