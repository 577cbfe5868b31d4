"""How long `/health` waits while strangers abuse the service: `python bench/abuse.py [name ...]`.

The service runs in a process of its own, with its sandboxes and a merchant who is connected. Each
abuse runs for at most 12 seconds, only over loopback. Meanwhile `/health` is asked for on a fresh
connection, again and again. A row says how long it waited, how often it failed, what the abuse was
answered, and how much memory the service holds afterwards. Beside it stand the same figures of a
bare server, and for how long the service's loop stood still by its own work. The bar is 250 ms
above "nothing" of the same run. `--json F` writes the rows to a file.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

from abused import Target, resident_mb, running
from abuses import ABUSES, LONGEST_S, Attack, answer_of, connect

BAR_MS = 250


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    longest_ms: float
    median_ms: float
    asked: int
    failed: int
    seconds: float
    resident_mb: float
    answers: dict[str, int]
    bare_longest_ms: float = 0.0
    """The same abuse against a server with nothing behind it, a moment before."""
    bare_median_ms: float = 0.0
    own_ms: float = 0.0
    """The longest that the service's loop stood still by its own work (`Stalls.own`)."""


def watch(target: Target, until: Callable[[], bool]) -> tuple[list[float], int]:
    """The seconds that each `/health` took, and how many failed."""
    took, failed = [], 0
    while not until():
        began = time.perf_counter()
        try:
            with connect(target, 70, "127.0.0.1") as door:
                door.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
                failed += answer_of(door) != "200"
        except OSError:
            failed += 1
        took.append(time.perf_counter() - began)
        time.sleep(0.01)
    return took, failed


def run(
    name: str,
    abuse: Callable[[Attack], None],
    target: Target,
    threads: int,
    beside: Row | None = None,
) -> Row:
    """The abuse runs in a process of its own, below all others: it is the work of another
    machine.
    """
    reported, tell = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(target=_abuse, args=(abuse, target, threads, tell))
    began = time.monotonic()
    process.start()
    took, failed = watch(target, lambda: not process.is_alive())
    seconds = time.monotonic() - began
    took.extend(watch(target, lambda: time.monotonic() >= began + seconds + 0.5)[0])
    longest, median = max(took) * 1000, statistics.median(took) * 1000
    held_mb, answers = resident_mb(target.pid), reported.recv()
    bare_ms = (beside.longest_ms, beside.median_ms) if beside else (0.0, 0.0)
    return Row(name, longest, median, len(took), failed, seconds, held_mb, answers, *bare_ms)


def _abuse(abuse: Callable[[Attack], None], target: Target, threads: int, tell: Connection) -> None:
    os.nice(15)
    attack = Attack(target, time.monotonic() + LONGEST_S, Counter())
    workers = [threading.Thread(target=abuse, args=(attack,)) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    tell.send(dict(attack.answers.most_common(5)))


def show(row: Row, idle: Row) -> None:
    over = row.longest_ms - (idle.longest_ms if idle.name == "nothing" else 0.0)
    verdict = "" if over < BAR_MS else f"  over {BAR_MS} ms"
    answers = ", ".join(f"{count} x {answer}" for answer, count in row.answers.items())
    print(
        f"{row.name:<15}{row.longest_ms:6.0f} ({row.bare_longest_ms:4.0f}) ms "
        f"{row.median_ms:5.0f} ({row.bare_median_ms:3.0f}) ms  own {row.own_ms:4.0f} ms "
        f"{row.asked:5} asked {row.failed:3} failed"
        f" {row.seconds:6.1f} s {row.resident_mb:6.0f} MB  {answers}{verdict}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "names", nargs="*", help=f"which abuses: {', '.join(ABUSES)}; all unless told"
    )
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    parser.add_argument(
        "--log", type=Path, default=Path(os.devnull), help="where the service's log goes"
    )
    asked = parser.parse_args()
    rows = []
    print(
        "abuse          /health longest (bare server), median (bare server), own: the loop's stall"
    )
    with running("bare", asked.log) as (bare, _), running("service", asked.log) as (target, over):
        for name in asked.names or ABUSES:
            abuse, threads = ABUSES[name]
            beside = run(name, abuse, bare, threads)
            found = run(name, abuse, target, threads, beside)
            rows.append(replace(found, own_ms=over(name)[1]))
            show(rows[-1], rows[0])
    if asked.json:
        asked.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))


if __name__ == "__main__":
    main()
