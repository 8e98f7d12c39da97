"""OSDP 2.2: a control panel for readers and door I/O on RS-485, and virtual boards.

Sans-I/O: `Bus(pds=[PDConfig(...)], baud=, nonce=)` is stepped with bytes and a time.
Shell: `SerialBus(SerialSettings(...), bus, on_event)` drives it; `.submit(address, command)`
gives a Future[CommandFinished]. Commands are in `commands.py`, events in `events.py`;
`simulator.SimulatedLine` plays doors on a `PtyPort`. README.md and docs/osdp.md are the guides.
May import cryptography, structlog and `firmware_bridge.serial_link` (shells only).
To add a message: its class in `commands.py` or `replies.py`, its reader in `command_reader.py`
or `reply_reader.py`, its event in `reports.py`; states are the table in `states.py`.
"""

from firmware_bridge.osdp.attacks import AttackKind
from firmware_bridge.osdp.bus import Bus, PDState, Step
from firmware_bridge.osdp.commands import (
    AskInputs,
    AskLocalStatus,
    AskOutputs,
    AskReaders,
    Buzz,
    Command,
    ComSet,
    KeySet,
    PermanentLed,
    SetLed,
    SetOutput,
    ShowText,
    TemporaryLed,
)
from firmware_bridge.osdp.config import ConfigError, PDConfig, Timing
from firmware_bridge.osdp.events import (
    AttackSeen,
    BusEvent,
    BytesDropped,
    CardRead,
    CommandFinished,
    CommunicationChanged,
    FileProgress,
    FileTransferFinished,
    InputReport,
    InstallBegan,
    InstallEnded,
    KeyChanged,
    KeysPressed,
    LocalStatus,
    Offline,
    OfflineReason,
    Online,
    Outcome,
    OutputReport,
    ReaderStatus,
)
from firmware_bridge.osdp.file_sender import FileOutcome
from firmware_bridge.osdp.line_move import LineMoved
from firmware_bridge.osdp.serial_bus import (
    BusStoppedError,
    PortLost,
    PortOpened,
    SerialBus,
    SerialBusEvent,
)

__all__ = [
    "AskInputs",
    "AskLocalStatus",
    "AskOutputs",
    "AskReaders",
    "AttackKind",
    "AttackSeen",
    "Bus",
    "BusEvent",
    "BusStoppedError",
    "Buzz",
    "BytesDropped",
    "CardRead",
    "ComSet",
    "Command",
    "CommandFinished",
    "CommunicationChanged",
    "ConfigError",
    "FileOutcome",
    "FileProgress",
    "FileTransferFinished",
    "InputReport",
    "InstallBegan",
    "InstallEnded",
    "KeyChanged",
    "KeySet",
    "KeysPressed",
    "LineMoved",
    "LocalStatus",
    "Offline",
    "OfflineReason",
    "Online",
    "Outcome",
    "OutputReport",
    "PDConfig",
    "PDState",
    "PermanentLed",
    "PortLost",
    "PortOpened",
    "ReaderStatus",
    "SerialBus",
    "SerialBusEvent",
    "SetLed",
    "SetOutput",
    "ShowText",
    "Step",
    "TemporaryLed",
    "Timing",
]
