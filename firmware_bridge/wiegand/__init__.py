"""Wiegand: bits on two wires, gathered to frames and checked by their parity. Sans-I/O.

`BitCollector` takes bits and their times and gives bursts; `decode` makes a frame or a key of one.
Nothing on these wires is secret or signed: whoever reads along can play it back, so a number that
came this way is worth `identifier` and no more. To add a format write its line in `FORMATS`.
"""

from firmware_bridge.wiegand.collector import BitCollector as BitCollector
from firmware_bridge.wiegand.collector import Burst as Burst
from firmware_bridge.wiegand.frames import FORMATS as FORMATS
from firmware_bridge.wiegand.frames import Frame as Frame
from firmware_bridge.wiegand.frames import Key as Key
from firmware_bridge.wiegand.frames import WiegandError as WiegandError
from firmware_bridge.wiegand.frames import WiegandFault as WiegandFault
from firmware_bridge.wiegand.frames import decode as decode
from firmware_bridge.wiegand.frames import encode as encode
from firmware_bridge.wiegand.frames import encode_key as encode_key
