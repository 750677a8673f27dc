"""Cheap tests of the codec; run with `python -m unittest` in this folder."""

import unittest

from stoqpeer.codes import Violation
from stoqpeer.forms import TYPES
from stoqpeer.frames import Frame, Parser, whole_frames
from stoqpeer.settings import agree, judge, ours
from stoqpeer.wire import put_varint, varint_at

EXAMPLES = [
    Frame("Settings", {"pairs": [(1, 1), (6, 256), (30, 0)]}),
    Frame("Ping", {"token": bytes(range(8))}),
    Frame("Confirm", {"confirmation": bytes(range(32))}),
    Frame("Pong", {"token": bytes(8), "load": 65_535, "lease": 4_000}),
    Frame("GoAway", {"accepted": 7}),
    Frame("Location", {"node": bytes(32), "sequence": 1, "life": 60, "latitude": -33_868_820, "longitude": 151_209_290,
                       "accuracy": 1, "signature": bytes(64)}),
    Frame("Route", {"node": bytes(32), "sequence": 1, "life": 1000, "hops": 0, "round_trip": 1, "load": 2, "name": "a/b"}),
    Frame("GetName", {"manifest_only": True, "from_origin": False, "lowest": 3, "highest_age": 5, "known": 9,
                      "range": (1, 2), "name": "ä/b"}),
    Frame("GetId", {"digest": bytes(32), "range": None}),
    Frame("Want", {"send": True, "digests": [bytes([n]) * 32 for n in range(120)]}),
    Frame("Have", {"bits": [True, False, True] * 3}),
    Frame("Manifest", {"digest": bytes(32), "version": 4, "same": False, "word": (1, 2, 3, 4), "origin": True,
                       "no_store": False}, b"xyz"),
    Frame("Chunk", {"digest": bytes(32), "whole": 10, "offset": 7}, b"abc"),
    Frame("Put", {"version": 4, "octets": 10, "copies": 2, "name": "n"}),
    Frame("Ack", {"durable": True, "copies": 1, "version": 4, "digest": bytes(32)}),
    Frame("Purge", {"below": True, "version": 9, "name": "/"}),
    Frame("Purged", {"version": 9, "nodes": 3}),
    Frame("Cancel", {"first": 0, "count": 120}),
    Frame("Fail", {"code": 0x81, "stay_away": 0, "reason": "nö", "absence": (1, 2, 3), "origin": True}),
]


def place(name):
    """A place in which a frame may come."""
    from stoqpeer.forms import PLACES

    return next(place for place, names in PLACES.items() if name in names)


class Varints(unittest.TestCase):
    def test_the_shortest_form_is_read_back(self):
        for value in (0, 63, 64, 16_383, 16_384, (1 << 30) - 1, 1 << 30, (1 << 62) - 1):
            octets = put_varint(value)
            self.assertEqual(varint_at(octets, 0), (value, len(octets)))
            self.assertIsNone(varint_at(octets[:-1], 0))

    def test_a_longer_form_than_needed_is_malformed(self):
        for octets in ("4001", "80000001", "c000000000000001"):
            with self.assertRaisesRegex(Violation, "Malformed"):
                varint_at(bytes.fromhex(octets), 0)


class Frames(unittest.TestCase):
    def test_every_type_is_read_back_in_one_piece_and_in_single_octets(self):
        self.assertEqual({frame.name for frame in EXAMPLES}, set(TYPES))
        for frame in EXAMPLES:
            octets = frame.encode()
            self.assertEqual(list(Parser(place(frame.name)).feed(octets)), [frame])
            parser, got = Parser(place(frame.name)), []
            for octet in octets:
                self.assertFalse(got)
                got += parser.feed(bytes([octet]))
            self.assertEqual(got, [frame])
            self.assertFalse(parser.inside())

    def test_the_example_of_annex_b_is_what_it_says(self):
        octets = bytes.fromhex("110e0000ffffffffffffffff03612f62")
        (frame,) = whole_frames(octets, "request")
        self.assertEqual((frame.name, frame.fields["name"], frame.highest_age), ("GetName", "a/b", (1 << 62) - 1))
        self.assertEqual(frame.encode(), octets)

    def test_an_octet_more_or_less_is_malformed(self):
        for frame in EXAMPLES:
            if frame.name in ("Settings", "Manifest", "Chunk"):
                continue
            octets = frame.encode()
            at = varint_at(octets, 1)[1]
            for payload in (octets[at:-1], octets[at:] + b"\0"):
                with self.assertRaises(Violation, msg=frame.name):
                    whole_frames(octets[:1] + put_varint(len(payload)) + payload, place(frame.name))

    def test_unknown_frames_are_passed_over_if_even_and_refused_if_odd(self):
        self.assertEqual(len(list(Parser("control").feed(b"\x1e\x02\0\0" + EXAMPLES[4].encode()))), 1)
        with self.assertRaisesRegex(Violation, "CriticalFrame"):
            list(Parser("control").feed(b"\x29\x00"))
        with self.assertRaisesRegex(Violation, "TooLarge"):
            list(Parser("control").feed(b"\x1e" + put_varint(16_385)))


class Settings(unittest.TestCase):
    def test_what_is_sent_is_what_is_judged(self):
        own = judge(ours(frozenset({"origin"}), 11, Requests=256))
        self.assertEqual((own["Roles"], own["Capabilities"], own["Requests"], own["IdleMillis"]), (8, 11, 256, 30_000))
        self.assertEqual(agree(own, judge([(5, 9)])).capabilities, 9)

    def test_each_fault_has_its_violation(self):
        for pairs, name in (
            ([(1, 1), (1, 1)], "SettingRepeated"),
            ([(6, 1), (1, 1)], "SettingInvalid"),
            ([(6, 0)], "SettingInvalid"),
            ([(9, 0)], "SettingCritical"),
            ([(2 * n + 32, 0) for n in range(33)], "SettingInvalid"),
        ):
            with self.assertRaisesRegex(Violation, name):
                judge(pairs)
