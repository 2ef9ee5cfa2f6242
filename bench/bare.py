"""The limit we measure against: the same ccxt calls in bare asyncio loops, two processes, paced, nothing durable.

``python -m bench.bare --venue URL --accounts FILE`` prints one JSON line. It waits on standard input for a line before
it starts, so that loading is no part of it.
"""

import argparse
import asyncio
import json
import multiprocessing
import re
import sys
import time
from typing import Any

PACE = 100
PROCESSES = 2


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--venue", required=True)
    parser.add_argument("--accounts", required=True)
    parser.add_argument("--processes", type=int, default=PROCESSES)
    given = parser.parse_args()
    with open(given.accounts) as file:
        accounts = json.load(file)
    context = multiprocessing.get_context("spawn")
    ready, go = context.Barrier(given.processes + 1), context.Barrier(given.processes + 1)
    answers = context.Queue()
    parts = [accounts[number :: given.processes] for number in range(given.processes)]
    running = [context.Process(target=_work, args=(given.venue, part, ready, go, answers)) for part in parts]
    for each in running:
        each.start()
    ready.wait()
    print(json.dumps({"ready": True}), flush=True)
    sys.stdin.readline()
    go.wait()
    begun = time.time()
    ends = [answers.get() for _ in running]
    for each in running:
        each.join()
    last = max(each["last"] for each in ends)
    print(json.dumps({"seconds": last - begun, "began": begun, "orders": sum(each["orders"] for each in ends)}))


def _work(url: str, accounts: list[dict[str, Any]], ready: Any, go: Any, answers: Any) -> None:
    asyncio.run(_trade(url, accounts, ready, go, answers))


async def _trade(url: str, accounts: list[dict[str, Any]], ready: Any, go: Any, answers: Any) -> None:
    import aiohttp
    import ccxt.async_support as ccxt

    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=256))
    template = _instance(ccxt, url, session, {})
    await template.load_markets()
    instances = []
    for account in accounts:
        instance = _instance(ccxt, url, session, {"apiKey": account["api_key"], "secret": account["secret"]})
        instance.set_markets_from_exchange(template)
        instances.append(instance)
    gate = asyncio.Semaphore(PACE)
    ready.wait()
    go.wait()

    async def one(number: int, instance: Any) -> None:
        async with gate:
            params = {"newClientOrderId": f"bare{time.time_ns()}{number}"}
            await instance.create_order("BTC/USDT", "market", "buy", 0.01, None, params)

    await asyncio.gather(*(one(number, instance) for number, instance in enumerate(instances)))
    answers.put({"last": time.time(), "orders": len(instances)})
    for instance in (*instances, template):
        instance.session = None
    await session.close()


def _instance(ccxt: Any, url: str, session: Any, keys: dict[str, str]) -> Any:
    options = {"fetchCurrencies": False, "fetchMargins": False, "fetchMarkets": {"types": ["spot"]}}
    instance = ccxt.binance({**keys, "session": session, "options": options, "enableRateLimit": False})

    def redirected(urls: Any) -> Any:
        if isinstance(urls, dict):
            return {name: redirected(each) for name, each in urls.items()}
        return re.sub(r"^https?://[^/]+", url, urls)

    instance.urls["api"] = redirected(instance.urls["api"])
    instance.ssl_context = False
    return instance


if __name__ == "__main__":
    main()
