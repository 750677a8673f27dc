"""Tests of what a node tells its host: clause 17 and Annex E.3."""

import argparse
import asyncio
import unittest

from stoqpeer import client
from stoqpeer.codes import Failure
from stoqpeer.cut import PROFILES
from stoqpeer.management import BY_LEVEL, LEVELS, ROWS, Counters, Pages
from stoqpeer.manifest import write
from stoqpeer.names import formula
from stoqpeer.parameters import Parameters
from stoqpeer.tables import rows
from stoqpeer.upper import Upper
from tests.bench import Bench


async def asked(address: str, text: str) -> tuple[int, str]:
    """Status and body of the answer to octets; 0 if nobody answers."""
    host, _, port = address.rpartition(":")
    try:
        reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    except OSError:
        return 0, ""
    writer.write(text.encode())
    answer = (await reader.read()).decode()
    writer.close()
    head, _, body = answer.partition("\r\n\r\n")
    return int(head.split(" ")[1]), body


def get(path: str) -> str:
    """A question for a page."""
    return f"GET {path} HTTP/1.1\r\nHost: here\r\n\r\n"


class Questions(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.well = True
        self.counters = Counters()
        self.pages = Pages(self.counters, lambda: self.well)
        self.at = await self.pages.open()

    async def asyncTearDown(self) -> None:
        await self.pages.close()

    async def test_every_row_of_the_table_has_a_line(self) -> None:
        table = [row[0].strip("`") for row in rows("17-management.md", "## 17.1")[1:]]
        self.assertEqual(table, list(ROWS))
        kinds = {row[0].strip("`"): row[2] for row in rows("17-management.md", "## 17.1")[1:]}
        status, page = await asked(self.at, get("/metrics"))
        self.assertEqual(status, 200)
        for name, kind in kinds.items():
            self.assertIn(f"# TYPE {name} {kind}\n", page)
            lines = [line for line in page.splitlines() if line.split("{")[0].split(" ")[0] == name]
            self.assertEqual(len(lines), len(LEVELS) if name in BY_LEVEL else 1, name)
            self.assertTrue(all(line.rpartition(" ")[2].isdigit() for line in lines))

    async def test_health_is_told_as_long_as_the_node_is_well(self) -> None:
        self.assertEqual((await asked(self.at, get("/health")))[0], 200)
        self.well = False
        self.assertEqual((await asked(self.at, get("/health")))[0], 503)
        await self.pages.close()
        self.assertEqual((await asked(self.at, get("/health")))[0], 0)

    async def test_what_is_no_question_is_answered_as_such(self) -> None:
        for text, status in (
            (get("/nothing"), 404),
            ("POST /health HTTP/1.1\r\nHost: here\r\n\r\n", 405),
            ("GET /health HTTP/1.1\r\n\r\n", 400),
            ("what\r\n\r\n", 400),
            ("GET /health HTTP/1.1\r\nHost: here\r\nX: " + "x" * 20_000 + "\r\n\r\n", 431),
        ):
            self.assertEqual((await asked(self.at, text))[0], status, text[:40])
        self.assertEqual(await asked(self.at, "HEAD /metrics HTTP/1.1\r\nHost: here\r\n\r\n"), (200, ""))

    async def test_other_hosts_are_offered_nothing(self) -> None:
        for host in ("::", "0.0.0.0", "2001:db8::1"):
            with self.assertRaisesRegex(ValueError, "R-17-06"):
                await Pages(self.counters, lambda: True).open(host)

    async def test_a_counter_does_not_fall(self) -> None:
        self.counters.add("purges", 2)
        with self.assertRaises(ValueError):
            self.counters.add("purges", -1)
        self.assertEqual(self.counters.read()["stoq_purges_total"], 2)


class Nodes(unittest.IsolatedAsyncioTestCase):
    async def test_an_origin_counts_what_it_does(self) -> None:
        async with Bench() as bench:
            raw = await bench.connect()
            node = bench.servers[0].node
            await client.put(raw, "a", 1, formula(1, 3_000), "standard")
            await client.fetch(raw, "a", 0, None, None, False)
            with self.assertRaises(Failure):
                await client.put(raw, "b", 0, b"abc", "standard")
            stored = node.counters.read()
            # What was stored came back; of what was refused the manifest came.
            top, manifests, _ = write(b"abc", PROFILES["standard"])
            self.assertEqual(stored["stoq_came_bytes_total"], stored["stoq_sent_bytes_total"] + len(manifests[top]))
            self.assertEqual(stored["stoq_sent_bytes_total"], stored['stoq_served_bytes_total{level="store"}'])
            self.assertEqual(stored['stoq_served_total{level="store"}'], 2)
            self.assertEqual(stored["stoq_refused_total"], 1)
            self.assertEqual((stored["stoq_connections_accepted_total"], stored["stoq_connections"]), (1, 1))
            self.assertEqual((stored["stoq_store_contents"], stored["stoq_store_names"], stored["stoq_store_rotten"]), (2, 1, 0))
            self.assertEqual(stored["stoq_store_live_bytes"], stored["stoq_store_bytes"])
            self.assertEqual(raw.node.counters.read()["stoq_fetched_bytes_total"], stored["stoq_sent_bytes_total"])
            await client.purge(raw, "a", False, 1)
            with self.assertRaisesRegex(ConnectionError, "Unauthenticated"):
                await bench.connect(want="another")
            self.assertEqual(bench.clients[-1].node.counters.read()["stoq_unwelcome_total"], 1)
            after = node.counters.read()
            self.assertEqual((after["stoq_purges_total"], after["stoq_store_names"]), (1, 0))
            self.assertLess(after["stoq_store_live_bytes"], after["stoq_store_bytes"])
            counters = [name for name in stored if "_total" in name]
            self.assertEqual([name for name in counters if after[name] < stored[name]], [])

    async def test_a_content_that_is_damaged_is_told_as_rotten(self) -> None:
        async with Bench() as bench:
            raw = await bench.connect()
            await client.put(raw, "a", 1, b"abc", "standard")
            (chunk,) = (await client.resolve(raw, "a"))[0].entries
            bench.store._path(chunk[0]).write_bytes(b"abd")
            self.assertIsNone(bench.store.get(chunk[0]))
            self.assertEqual(bench.servers[0].node.counters.read()["stoq_store_rotten"], 1)

    async def test_the_upper_tester_tells_where_its_pages_are(self) -> None:
        async with Bench() as bench:
            chain, key = bench.authority.issue("origin", "origin")
            args = argparse.Namespace(ca=chain, revoked=None, cert=chain, key=key, roles="origin", parameters=Parameters())
            upper = Upper(args)
            told = await upper.listen("[::1]:0")
            self.assertEqual((await asked(told["management"], get("/health")))[0], 200)
            self.assertEqual((await upper.counters()).keys(), Counters().read().keys())
            await asyncio.gather(upper.stop(True), upper.stop(False))
            self.assertEqual((await asked(told["management"], get("/health")))[0], 0)
