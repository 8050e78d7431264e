"""`python -m orchestration.reference_service`: serves until it is told to stop."""

import argparse
import logging
import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from orchestration.reference_service.errors import ServiceError
from orchestration.reference_service.faults import Faults, parse_faults
from orchestration.reference_service.server import serve

SHORTEST = 32  # bytes of a secret


def main() -> None:
    """Print the address once requests are taken; end on SIGTERM or SIGINT."""
    asked = _asked()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    try:
        secret = _secret(asked.secret_file)
        faults = parse_faults(asked.faults.read_text()) if asked.faults else Faults()
        with serve(asked.state, secret, clock=_now, port=asked.port, faults=faults) as address:
            sys.stdout.write(f"{address}\n")
            sys.stdout.flush()
            stop.wait()
    except (ServiceError, OSError) as error:
        sys.exit(f"error: {error}")


def _now() -> datetime:
    return datetime.now(UTC)


def _secret(path: Path) -> bytes:
    secret = path.read_bytes().strip()
    if len(secret) < SHORTEST:
        raise ServiceError(f"The secret is short; wanted {SHORTEST} bytes at least.")
    return secret


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m orchestration.reference_service",
        description="A service that acts on accounts, keys and the like, for tests and the demo.",
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--state", type=Path, required=True, help="SQLite file, made if missing")
    parser.add_argument("--secret-file", type=Path, required=True, help="who has it may ask")
    parser.add_argument("--faults", type=Path, help="JSON: what goes wrong on purpose")
    return parser.parse_args()


if __name__ == "__main__":
    main()
