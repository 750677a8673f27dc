"""Cheap tests of the functions that vectors use: trees, freshness, choice, purges, tables."""

import unittest

from stoqpeer.purges import Cache
from stoqpeer.routing import Server, choose, least_round_trip, use
from stoqpeer.tables import Machine, table
from stoqpeer.tree import consistency, consistent, included, inclusion, leaf, root


class Functions(unittest.TestCase):
    def test_proofs_lead_to_roots_and_nowhere_else(self):
        leaves = [bytes([number]) for number in range(9)]
        for size in range(1, 10):
            for index in range(size):
                proof = inclusion(leaves[:size], index)
                self.assertTrue(included(leaf(leaves[index]), index, size, proof, root(leaves[:size])))
                self.assertFalse(included(leaf(b"?"), index, size, proof, root(leaves[:size])))
            for old in range(1, size + 1):
                proof = consistency(leaves[:size], old)
                self.assertTrue(consistent(old, size, root(leaves[:old]), root(leaves[:size]), proof))
                self.assertFalse(consistent(old, size, root(leaves[:old]), leaf(b"?"), proof))

    def test_a_copy_as_old_as_its_max_age_is_stale(self):
        found = [use(10, 5, 20, 15, age) for age in (9, 10, 14, 15, 24, 25)]
        self.assertEqual(found, ["fresh", "while fetching", "while fetching", "on error", "on error", "none"])

    def test_the_order_of_servers_makes_no_difference(self):
        servers = [Server(node, 1_000 + 500 * node, node % 3) for node in range(12)]
        self.assertEqual(choose(servers, 77), choose(servers[::-1], 77))
        self.assertEqual(least_round_trip((0, 0), (0, 100_000), 3, 3), 0)

    def test_what_is_purged_does_not_come_back(self):
        rows = [
            {"ask": 1},
            {"purge": {"object": 1, "last": 4}},
            {"answer": {"object": 1, "version": 4, "origin": False, "absent": False}},
            {"answer": {"object": 1, "version": 5, "origin": True, "absent": False}},
            {"ask": 1},
        ]
        cache = Cache()
        done = [cache.row(row) for row in rows]
        self.assertEqual(done, ["asked", "acknowledged", "asked the origin for 5", "served 5", "served 5"])

    def test_the_tables_of_the_text_are_total(self):
        for name in ("session", "exchange", "holder", "fetch"):
            cells = table(name)
            for state, row in cells.items():
                for event in row:
                    machine = Machine(name, state)
                    machine.fire(event)
                    self.assertIn(machine.state, cells)
