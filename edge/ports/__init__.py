"""The ports between the agent's loop and its shell, each as small as its use.

Threads of drivers and of the MQTT client only put things on the loop's queue (`Emit`); everything
else happens in the loop's own thread, which alone touches journal and policy store. May import
`wire` and `edge.core`. To add a port: a protocol in the file it belongs to, named here.
"""

from edge.core.model import NewEvent  # what `Journal.append` takes
from edge.ports.delivery import (
    Acknowledged,
    AlarmRaised,
    CommandArrived,
    CommandRefused,
    EpochNeeded,
    Link,
    LinkChanged,
    Publish,
    Session,
    SessionOutput,
    Standing,
    TimeSample,
)
from edge.ports.drivers import DecidesAlone, Driver, Installer, InstallError
from edge.ports.incoming import Emit, Incoming, LinkConnected, LinkEvent, LinkLost, MessageArrived
from edge.ports.journal import (
    NO_STATE,
    Journal,
    JournalError,
    JournalKept,
    PendingAct,
    PolicyChange,
    PolicyStore,
    StoredPolicy,
)
from edge.ports.threads import Threaded, ThreadSign
from edge.ports.time import KernelClock, TimeSource

__all__ = [
    "NO_STATE",
    "Acknowledged",
    "AlarmRaised",
    "CommandArrived",
    "CommandRefused",
    "DecidesAlone",
    "Driver",
    "Emit",
    "EpochNeeded",
    "Incoming",
    "InstallError",
    "Installer",
    "Journal",
    "JournalError",
    "JournalKept",
    "KernelClock",
    "Link",
    "LinkChanged",
    "LinkConnected",
    "LinkEvent",
    "LinkLost",
    "MessageArrived",
    "NewEvent",
    "PendingAct",
    "PolicyChange",
    "PolicyStore",
    "Publish",
    "Session",
    "SessionOutput",
    "Standing",
    "StoredPolicy",
    "ThreadSign",
    "Threaded",
    "TimeSample",
    "TimeSource",
]
