"""How the processes of a bench talk: a line of JSON in, a line of JSON out."""

import asyncio
import resource
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path


async def each_line() -> AsyncIterator[str]:
    """The lines of our standard input, until it ends."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield line.decode().strip()


def usage() -> dict[str, float]:
    """What this process used: `cpu` in seconds since its start, `rss` in MB now, `peak` in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "cpu": time.process_time(),
        "rss": pages * resource.getpagesize() / 1e6,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
    }
