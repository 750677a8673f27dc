"""Tests over loopback: what breaks a rule has its code and scope, and each bug that can be planted shows."""

import asyncio
import unittest

from stoqpeer import bugs, client
from stoqpeer.codes import Failure
from stoqpeer.frames import Frame, whole_frames
from stoqpeer.names import formula
from stoqpeer.wire import put_varint
from tests.bench import Authority, Bench

ANY = (1 << 62) - 1


def get_name(name: str, **more) -> bytes:
    """The octets of a `GetName`."""
    fields = {"manifest_only": False, "from_origin": False, "lowest": 0, "highest_age": ANY, "known": None, "range": None}
    return Frame("GetName", {**fields, "name": name, **more}).encode()


def get_id(digest: bytes, span: tuple[int, int] | None = None) -> bytes:
    """The octets of a `GetId`."""
    return Frame("GetId", {"digest": digest, "range": span}).encode()


async def ask(raw, octets: bytes, end: bool = True):
    """What comes for octets on a new stream: frames, or a code."""
    answer = await raw.answer(raw.raw(octets, end))
    return whole_frames(answer, "answer") if isinstance(answer, bytes) else answer


class Sessions(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.bench = await Bench().__aenter__()

    async def asyncTearDown(self) -> None:
        bugs._planted.clear()
        await self.bench.__aexit__()

    async def test_an_object_goes_and_comes_back_and_is_purged(self) -> None:
        raw = await self.bench.connect()
        octets = formula(3, 300_000)
        done = await client.put(raw, "a/b", 4, octets, "small")
        self.assertEqual(done["sent"], 300_000)
        taken = await client.fetch(raw, "a/b", 0, None, None, False)
        self.assertEqual((bytes(taken.octets), taken.version), (octets, 4))
        taken = await client.fetch(raw, "a/b", 0, (7, 100_000), None, False)
        self.assertEqual(bytes(taken.octets), octets[7:100_007])
        frames = await ask(raw, get_name("a/b", range=(7, 100_000)))
        self.assertEqual(frames[0].name, "Manifest")
        self.assertIn(octets[7:100_007], b"".join(frame.data for frame in frames[1:]))
        self.assertEqual(await client.purge(raw, "a", True, 4), 1)
        self.assertFalse(self.bench.servers[0].exchanges)
        with self.assertRaisesRegex(Failure, "NotFound"):
            await client.resolve(raw, "a/b")

    async def test_a_violation_on_a_stream_ends_the_connection_or_the_exchange_as_its_scope_says(self) -> None:
        for octets, code in (
            (get_name("a")[:-1] + b"\x01", "FrameMalformed"),
            (b"\x13\x21\x02" + bytes(32), "FrameMalformed"),
            (b"\x40\x13", "FrameMalformed"),
            (b"\x01\x00", "FrameUnexpected"),
            (b"\x29\x00", "FrameCritical"),
            (b"\x19" + put_varint(200_000), "FrameTooLarge"),
            (get_id(bytes(32)) * 2, "FrameUnexpected"),
        ):
            raw = await self.bench.connect()
            raw.raw(octets, True)
            self.assertEqual(await raw.close_code(), code)
        raw = await self.bench.connect()
        self.assertEqual(await ask(raw, get_id(bytes(32))[:9]), 0x8D)
        self.assertEqual(await ask(raw, b""), 0x8D)
        self.assertEqual((await ask(raw, b"\x1e\x02\0\0" + get_id(bytes(32))))[0].code, 0x81)
        self.assertIsNone(raw.ended)

    async def test_a_violation_on_the_control_stream_closes_with_its_code(self) -> None:
        settings = b"\x01\x00"
        for octets, code in (
            (b"\x05\x01\x00", "SettingsMissing"),
            (settings * 2, "SettingsRepeated"),
            (b"\x01\x04\x01\x01\x01\x01", "SettingsRepeated"),
            (b"\x01\x02\x06\x00", "SettingsInvalid"),
            (b"\x01\x02\x09\x00", "ExtensionRequired"),
            (b"\x01\x02\x07\x20", "ExtensionRequired"),
            (b"\x01\x02\x01\x02", "VersionUnsupported"),
            (settings + b"\x03\x20" + bytes(32), "Downgrade"),
            (settings + b"\x05\x01\x00", "FrameUnexpected"),
            (b"\x01\x02\x08\x08", "Unauthenticated"),
        ):
            raw = await self.bench.connect(greets=False)
            raw.raw(b"\x01" + octets, stream=raw.control)
            self.assertEqual(await raw.close_code(), code, octets.hex())
        for kind, code in ((b"\x21", "StreamCreation"), (b"\x01", "StreamCreation")):
            raw = await self.bench.connect()
            raw.raw(kind, stream=raw._quic.get_next_available_stream_id(True))
            self.assertEqual(await raw.close_code(), code)
        raw = await self.bench.connect()
        raw.raw(b"", True, raw.control)
        self.assertEqual(await raw.close_code(), "ControlClosed")

    async def test_certificates_of_somebody_else_are_refused(self) -> None:
        with self.assertRaisesRegex(ConnectionError, "Unauthenticated"):
            await self.bench.connect(want="another")
        stranger = Authority(self.bench.path).issue("me", "client,publisher")
        raw = await self.bench.connect(files=stranger)
        self.assertEqual(await raw.close_code(), "Unauthenticated")
        raw = await self.bench.connect(files=self.bench.authority.issue("me", "client"))
        self.assertEqual(await raw.close_code(), "Unauthenticated")

    async def shows(self, bug: str, act) -> None:
        """An act gives another result with the bug than without it."""
        results = []
        for planted in (set(), {bug}):
            bugs._planted = planted
            raw = await self.bench.connect()
            results.append(await act(raw))
            bugs._planted = set()
        self.assertNotEqual(results[0], results[1], bug)

    async def test_every_bug_shows(self) -> None:
        raw = await self.bench.connect()
        await client.put(raw, "a", 1, b"abc", "standard")
        (chunk,) = (await client.resolve(raw, "a"))[0].entries

        def closes(octets: bytes):
            async def act(raw):
                stream = raw.raw(octets, True)
                answer = await raw.answer(stream)
                return answer if answer == -1 else type(answer)

            return act

        async def answers(raw, octets: bytes):
            frames = await ask(raw, octets)
            return [(frame.name, frame.fields.get("code")) for frame in frames] if isinstance(frames, list) else frames

        async def greeting(octets: bytes):
            raw = await self.bench.connect(greets=False)
            raw.raw(b"\x01" + octets, stream=raw.control)
            for _ in range(100):
                if self.bench.servers[-1].machine.state in ("Confirming", "Open", "Closed"):
                    break
                await asyncio.sleep(0.02)
            return self.bench.servers[-1].ended

        async def pongs(raw):
            await raw.probe()
            count = []
            raw._datagram = count.append
            raw._quic.send_datagram_frame(Frame("Ping", {"token": bytes(8)}).encode())
            raw.transmit()
            while not count:
                await raw.progress()
            await asyncio.sleep(0.1)
            return len(count)

        async def confirms(raw):
            try:
                return await asyncio.wait_for(raw.close_code(), 0.5)
            except TimeoutError:
                return None

        long = b"\x13\x40\x21\x00" + bytes(32)
        want = Frame("Want", {"send": True, "digests": [chunk[0]]}).encode()
        acts = {
            "accept-long-varint": closes(long),
            "accept-trailing-fields": closes(b"\x13\x22\x00" + bytes(33)),
            "ignore-reserved-bits": closes(b"\x13\x21\x02" + bytes(32)),
            "accept-second-settings": lambda raw: greeting(b"\x01\x00" * 2),
            "pass-over-critical-frame": closes(b"\x29\x00" + get_id(bytes(32))),
            "cut-closes-connection": closes(get_id(bytes(32))[:5]),
            "accept-repeated-setting": lambda raw: greeting(b"\x01\x04\x01\x01\x01\x01"),
            "ignore-confirm": lambda raw: greeting(b"\x01\x00\x03\x20" + bytes(32)),
            "answer-ping-twice": pongs,
            "chunk-before-have": lambda raw: answers(raw, want),
            "code-without-base": lambda raw: answers(raw, b""),
            "serve-beyond-end": lambda raw: answers(raw, get_id(chunk[0], (1, 3))),
            "inexact-not-found": lambda raw: answers(raw, get_id(bytes(32))),
            "wrong-confirm": confirms,
        }
        self.assertEqual(set(acts), set(bugs.BUGS))
        for bug, act in acts.items():
            await self.shows(bug, act)


class Transcript(unittest.TestCase):
    def test_codes_and_tables_are_those_of_the_text(self) -> None:
        from stoqpeer.codes import CODES, VIOLATIONS
        from stoqpeer.forms import TYPES
        from stoqpeer.settings import TABLE
        from stoqpeer.tables import rows

        plain = [[cell.strip("`") for cell in row] for row in rows("14-errors.md", "## 14.1")[1:]]
        self.assertEqual({row[0]: (int(row[1], 16), row[3] == "yes") for row in plain}, CODES)
        plain = [[cell.strip("`") for cell in row] for row in rows("14-errors.md", "## 14.2")[1:]]
        self.assertEqual({row[0]: row[2] for row in plain}, VIOLATIONS)
        plain = [[cell.strip("`") for cell in row] for row in rows("07-versions.md", "## 7.1")[1:]]
        self.assertEqual({int(row[1], 16): (row[0], *map(int, row[2:5])) for row in plain}, TABLE)
        self.assertEqual(len(TYPES), 19)
