"""The fire alarm and the shelter's switch as the settings have them: wired to this controller,
never the hub's to change."""

from __future__ import annotations

from edge.core.fire_line import Supervision
from edge.service.fire_watch import FireAlarm, releasing_faults
from edge.service.shelter import ShelterInput
from edge.settings import Settings


def fire_alarm_of(settings: Settings) -> FireAlarm | None:
    """Give what watches the fire alarm; None where no panel is wired to this controller."""
    fire = settings.fire_alarm
    if fire is None:
        return None
    doors = None if fire.doors is None else frozenset(fire.doors)
    second = fire.supervised
    supervision, channel, inverted = Supervision.NONE, None, False
    if second is not None:
        relay = second.fault_channel is not None
        supervision = Supervision.FAULT_RELAY if relay else Supervision.CHANGE_OVER
        channel = second.fault_channel if relay else second.rest_channel
        inverted = relay if second.inverted is None else second.inverted
    return FireAlarm(
        fire.device,
        fire.channel,
        fire.inverted,
        doors,
        supervision,
        channel,
        inverted,
        releasing_faults(
            on_fault=fire.on_fault == "release", on_offline=fire.on_offline == "release"
        ),
    )


def shelter_input_of(settings: Settings) -> ShelterInput | None:
    """Give the input that opens the shelter; None where none is wired to this controller."""
    switch = settings.shelter
    if switch is None:
        return None
    doors = None if switch.doors is None else frozenset(switch.doors)
    return ShelterInput(switch.device, switch.channel, switch.inverted, switch.latching, doors)
