# Copyright (c) 2026, the opentelekomcloud.csbs authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.emulator``: the local cloud as a command."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType

import yaml

from . import Emulator
from .seeds import SEEDS
from .state import MODES


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.emulator", description="A local cloud with CSBS, on loopback."
    )
    parser.add_argument(
        "--mode", choices=MODES, default="live", help="answers as the live service's (default), or the reference's"
    )
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    parser.add_argument("--speed", type=float, default=1.0, help="clock seconds for each real one (default 1)")
    fleet = parser.add_mutually_exclusive_group()
    fleet.add_argument("--servers", type=int, help="this many servers srv-0001, srv-0002, ...")
    fleet.add_argument("--seed", choices=sorted(SEEDS), help="a named fleet")
    parser.add_argument(
        "--list-delay", type=float, help="real seconds until lists show new things (live mode: 2, reference: 0)"
    )
    parser.add_argument("--state-dir", type=Path, help="write port, pid and clouds.yaml into this folder")
    parser.add_argument(
        "--exit-with-parent", action="store_true", help="end when the process that started this one ends"
    )
    return parser.parse_args(argv)


def write_state(folder: Path, cloud: Emulator) -> None:
    """clouds.yaml, pid, and last the port, whose presence says that all is there."""
    folder.mkdir(parents=True, exist_ok=True)
    cloud.write_clouds(folder / "clouds.yaml")
    for name, text in (("pid", str(os.getpid())), ("port", str(cloud.port))):
        scratch = folder / f".{name}.new"
        scratch.write_text(f"{text}\n", encoding="utf-8")
        scratch.replace(folder / name)


def follow_parent(stop: threading.Event) -> None:
    """End when the parent does."""
    parent = os.getppid()

    def watch() -> None:
        while not stop.is_set():
            if os.getppid() != parent:
                stop.set()
            time.sleep(0.5)

    threading.Thread(target=watch, daemon=True).start()


def main(argv: list[str] | None = None) -> int:
    """Run until a signal comes."""
    options = arguments(argv)
    stop = threading.Event()

    def ended(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ended)
    signal.signal(signal.SIGINT, ended)
    if options.exit_with_parent:
        follow_parent(stop)
    cloud = Emulator(
        mode=options.mode,
        speed=options.speed,
        servers=options.servers,
        seed=options.seed,
        port=options.port,
        list_delay=options.list_delay,
    )
    with cloud:
        if options.state_dir:
            write_state(options.state_dir, cloud)
            where = (options.state_dir / "clouds.yaml").resolve()
        else:
            where = Path("clouds.yaml")
            print(f"# put this into {where}")
        print(yaml.safe_dump(cloud.clouds(), sort_keys=False))
        print(f"export OS_CLIENT_CONFIG_FILE={where} OS_CLOUD=local")
        print(f"# control: {cloud.url}/_emulator/health", flush=True)
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
