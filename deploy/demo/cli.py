"""`kagimori-demo`: the whole town on one machine, or its story told once.

Results go to stdout, progress to stderr. Exit 0 all well, 1 something failed, 2 wrong usage.
"""

from __future__ import annotations

import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from deploy.demo.running import RunningTown
from deploy.demo.sample import QUICK_UNLOCK_MS, UNLOCK_MS, Sample, make_sample
from deploy.demo.steps import Told, tell
from deploy.demo.story import Story

_LOOK_EVERY_S: Final = 1.0

app: Final = typer.Typer(add_completion=False)


@app.command()
def demo(
    once: Annotated[bool, typer.Option(help="Tell the whole story without a browser.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line a step.")] = False,
    embedded: Annotated[
        bool, typer.Option(help="Use the embedded broker even if Mosquitto is installed.")
    ] = False,
    directory: Annotated[
        Path | None, typer.Option(help="Keep everything in this new directory.")
    ] = None,
) -> None:
    """Start hub, broker and two simulated sites, and show the doors in the browser."""
    began = time.monotonic()
    with _workplace(directory) as place, _told_to_end() as ending:
        try:
            with RunningTown(place, embedded=embedded, say=_progress) as town:
                unlock_ms = QUICK_UNLOCK_MS if once else UNLOCK_MS
                sample = make_sample(town, _progress, to_play=not once, unlock_ms=unlock_ms)
                if once:
                    raise typer.Exit(_story(town, sample, began, as_json=as_json))
                _serve(town, sample, ending, as_json=as_json)
        except typer.Exit:
            raise
        except Exception as error:
            print(f"kagimori-demo: {error}", file=sys.stderr)
            _show_logs(place)
            raise typer.Exit(1) from error


def _story(town: RunningTown, sample: Sample, began: float, *, as_json: bool) -> int:
    def say(told: Told) -> None:
        mark = "ok    " if told.ok else "FAILED"
        print(told.as_json() if as_json else f"{mark} {told.step}  {told.detail}", flush=True)

    holds = tell(Story(town, sample, began).steps(), say)
    if not holds:
        _show_logs(town.installation.directory)
    return 0 if holds else 1


def _serve(town: RunningTown, sample: Sample, ending: threading.Event, *, as_json: bool) -> None:
    town.start_page()
    if as_json:
        print(sample.as_json(town), flush=True)
    else:
        print(sample.as_text(town), flush=True)
    while not ending.wait(_LOOK_EVERY_S):
        town.check()


@contextmanager
def _workplace(directory: Path | None) -> Iterator[Path]:
    """Give an empty private directory: the one asked for, or one that goes with the demo."""
    if directory is not None:
        if directory.exists() and any(directory.iterdir()):
            raise typer.BadParameter(f"{directory} is not empty: name a new directory")
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield directory.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="kagimori-demo-", ignore_cleanup_errors=True) as made:
        yield Path(made)


@contextmanager
def _told_to_end() -> Iterator[threading.Event]:
    ending = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: ending.set())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield ending
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _progress(what: str) -> None:
    print(f"kagimori-demo: {what} ...", file=sys.stderr)


def _show_logs(place: Path) -> None:
    """Show the end of each process's log, for whoever wonders why."""
    for log in sorted(place.rglob("*.log")):
        lines = log.read_text(errors="replace").splitlines()[-8:]
        print(f"--- {log.name}", *lines, sep="\n", file=sys.stderr)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
