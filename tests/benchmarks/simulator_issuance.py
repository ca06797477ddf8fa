# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many certificates a second the simulator issues, how late it answers, what memory it takes.

    tests/tools/in-environment python tests/benchmarks/simulator_issuance.py [--certificates N]

Prints the rate, the median and the 99th percentile of the time from request to answer, over so many
keep-alive connections, and the resident memory after each tenth.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
import sys
import tempfile
import time
from pathlib import Path

import aiohttp

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from simulator.conftest import JSON_TYPE, Simulator, good_request, running  # noqa: E402


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--certificates", type=int, default=5000)
    parser.add_argument("--connections", type=int, default=16)
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), "--verified", "quillon.example") as simulator,
    ):
        asyncio.run(measure(simulator, arguments.certificates, arguments.connections))


async def measure(simulator: Simulator, certificates: int, connections: int) -> None:
    """Issue in ten parts over warm connections, and print a line for each."""
    context = ssl.create_default_context(cafile=simulator.account["ATLAS_CA_PATH"])
    client = simulator.folder / "client"
    context.load_cert_chain(client.with_suffix(".crt"), client.with_suffix(".key"))
    connector = aiohttp.TCPConnector(limit=connections, ssl=context)
    all_times: list[float] = []
    begin = time.monotonic()
    async with aiohttp.ClientSession(connector=connector) as session:
        for part in range(1, 11):
            start = time.monotonic()
            times = await issue(session, simulator, certificates // 10, connections)
            rate = len(times) / (time.monotonic() - start)
            print(f"{part * 10:3} %: {told(rate, times)}, {memory(simulator):.1f} MiB", flush=True)
            all_times += times
    rate = len(all_times) / (time.monotonic() - begin)
    print(f"all {len(all_times)}: {told(rate, all_times)}, {connections} connections")


async def issue(
    session: aiohttp.ClientSession, simulator: Simulator, certificates: int, connections: int
) -> list[float]:
    """Have so many certificates issued; the seconds that each took."""
    simulator.renew_token()
    headers = {"Authorization": f"Bearer {simulator.token}", "Content-Type": JSON_TYPE}
    body = json.dumps(good_request()).encode()
    left = iter(range(certificates))
    times: list[float] = []

    async def issue_some() -> None:
        for _each in left:
            start = time.monotonic()
            url = f"{simulator.url}/certificates"
            async with session.post(url, data=body, headers=headers) as answer:
                assert answer.status == 201, await answer.text()
            times.append(time.monotonic() - start)

    await asyncio.gather(*(issue_some() for _each in range(connections)))
    return times


def told(rate: float, times: list[float]) -> str:
    """A rate and two percentiles in words."""
    ordered = sorted(times)
    median, late = ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]
    return f"{rate:.0f}/s, median {median * 1000:.1f} ms, p99 {late * 1000:.1f} ms"


def memory(simulator: Simulator) -> float:
    """The resident memory of the simulator in MiB."""
    status = Path(f"/proc/{simulator.pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
