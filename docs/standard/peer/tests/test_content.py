"""Cheap tests of content: the values that clause 9 states."""

import unittest

from stoqpeer.cut import PROFILES, cuts
from stoqpeer.group import open_sealed, parity, seal
from stoqpeer.manifest import Encryption, Flaw, Manifest, Writer, decode, walk, write
from stoqpeer.names import formula


class Content(unittest.TestCase):
    def test_the_empty_object_has_the_manifest_of_clause_9_3(self):
        top, manifests, chunks = write(b"")
        self.assertEqual(manifests[top].hex(), "a50001010002020300" "0480")
        self.assertFalse(chunks)

    def test_the_parity_octets_of_clause_9_4(self):
        self.assertEqual(parity([b"\x11", b"\x63", b"\xc8", b"\xff"], 4, 6), [bytes([103]), bytes([150])])

    def test_chunks_are_within_the_bounds_and_make_the_object_again(self):
        octets = formula(7, 200_000)
        for profile in PROFILES.values():
            found = list(cuts(octets, profile))
            self.assertEqual(sum(length for _, length in found), len(octets))
            self.assertTrue(all(profile.minimum <= length <= profile.maximum for _, length in found[:-1]))
        top, manifests, chunks = write(octets, PROFILES["small"])
        pieces = list(walk(decode(manifests[top]), 0, len(octets), manifests.__getitem__))
        self.assertEqual(b"".join(chunks[piece.identity] for piece in pieces if piece.level < 0), octets)

    def test_manifests_nest_and_close_at_the_limit(self):
        for count, level in ((1_024, 0), (1_025, 1), (2_048, 1)):
            writer = Writer(0)
            for number in range(count):
                writer.add(number.to_bytes(31, "big") + b"\1", 5)
            top = decode(writer.made[writer.top()])
            self.assertEqual((top.level, top.length), (level, 5 * count))

    def test_what_is_not_canonical_or_not_sound_is_refused(self):
        good = Manifest(0, 0, 5, ((bytes(32), 5),)).encode()
        decode(good)
        for octets in (good + b"\0", b"\xbf" + good[1:] + b"\xff", good[:-1] + b"\4", good[:1], b"\xa0", b"\xf6"):
            with self.assertRaises(Flaw):
                decode(octets)

    def test_what_is_sealed_is_opened(self):
        for number, key in ((1, 16), (2, 32), (29, 32), (30, 16), (31, 32)):
            descriptor = Encryption(number, 1, b"k")
            self.assertEqual(open_sealed(descriptor, bytes(key), 3, seal(descriptor, bytes(key), 3, b"abc")), b"abc")
