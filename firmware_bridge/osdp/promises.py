"""The futures that a bus has given out, each kept by the one event that ends it."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TypeVar

from firmware_bridge.osdp.events import CommandFinished, FileTransferFinished
from firmware_bridge.osdp.line_move import LineMoved

T = TypeVar("T")


class Promises:
    """Commands and files by number, and the one move of the line."""

    def __init__(self) -> None:
        self.commands: dict[int, Future[CommandFinished]] = {}
        self.files: dict[int, Future[FileTransferFinished]] = {}
        self.move: Future[LineMoved] | None = None

    def keep(self, event: object) -> None:
        """Gives its result to the future that an event ends, if it ends one."""
        if isinstance(event, CommandFinished):
            _keep(self.commands.pop(event.command_id, None), event)
        elif isinstance(event, FileTransferFinished):
            _keep(self.files.pop(event.transfer_id, None), event)
        elif isinstance(event, LineMoved):
            move, self.move = self.move, None
            _keep(move, event)

    def file_number(self, future: Future[FileTransferFinished]) -> int | None:
        """The number of the transfer that a future stands for."""
        return next((number for number, one in self.files.items() if one is future), None)

    def end(self, error: Exception) -> None:
        """Nothing will end a move any more."""
        move, self.move = self.move, None
        if move is not None:
            move.set_exception(error)


def _keep(future: Future[T] | None, result: T) -> None:
    if future is not None:
        future.set_result(result)
