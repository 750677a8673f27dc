//! Two ends and a line between them: what the model promises of times, losses and shares.

use super::{Conn, Event, Flight, Quic};
use hypermesh_core::base::digest::mix;
use hypermesh_core::base::{Span, Time};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A line: delay one way, bandwidth, a queue before it, and loss of single packets.
#[derive(Clone, Copy)]
struct Line {
    delay: Span,
    bps: u64,
    queue: Span,
    loss: f64,
    seed: u64,
}

impl Line {
    const fn clean(delay: Span, bps: u64) -> Self {
        Self { delay, bps, queue: Span::secs(10), loss: 0.0, seed: 1 }
    }
}

type Item = (u32, u32);

/// Both ends and what is under way between them.
struct Pair {
    now: Time,
    line: Line,
    ends: [Conn<Item>; 2],
    /// By arrival, and a number: whose, and what.
    air: BTreeMap<(Time, u64), (usize, Flight<Item>)>,
    free: [Time; 2],
    sent: u64,
    packets: u64,
    lost: u64,
    /// What happened at each end, with the time.
    seen: [Vec<(Time, Event<Item>)>; 2],
}

impl Pair {
    fn new(line: Line) -> Self {
        let quic = Arc::new(Quic::default());
        let ends = [Conn::client(&quic, 1, Time::ZERO), Conn::server(&quic, 1, Time::ZERO)];
        let mut pair = Self {
            now: Time::ZERO,
            line,
            ends,
            air: BTreeMap::new(),
            free: [Time::ZERO; 2],
            sent: 0,
            packets: 0,
            lost: 0,
            seen: Default::default(),
        };
        pair.flush();
        pair
    }

    /// Sends all that may be sent.
    fn flush(&mut self) {
        for end in 0..2 {
            let mut events = Vec::new();
            while let Some(flight) = self.ends[end].poll(self.now, &mut events) {
                self.carry(end, flight);
            }
            self.seen[end].extend(events.into_iter().map(|event| (self.now, event)));
        }
    }

    fn carry(&mut self, from: usize, mut flight: Flight<Item>) {
        let each = u64::from(flight.bytes / flight.packets) + 48;
        for n in 0..flight.packets {
            self.packets += 1;
            let starts = self.free[from].max(self.now);
            let chance = mix(self.line.seed ^ mix(self.packets)) as f64 / u64::MAX as f64;
            if starts.since(self.now) > self.line.queue || chance < self.line.loss {
                flight.lost |= 1 << n;
                self.lost += 1;
            } else {
                self.free[from] = starts + Span(each * 8_000_000_000 / self.line.bps);
            }
        }
        self.sent += 1;
        let at = self.free[from].max(self.now) + self.line.delay;
        self.air.insert((at, self.sent), (1 - from, flight));
    }

    /// Runs until `done` holds or nothing more happens before `until`.
    fn run(&mut self, until: Time, done: impl Fn(&Self) -> bool) {
        self.flush();
        while !done(self) {
            let arrival = self.air.keys().next().map(|(at, _)| *at);
            let deadline = self.ends.iter().filter_map(Conn::deadline).min();
            let Some(next) = [arrival, deadline].into_iter().flatten().min().filter(|at| *at <= until) else { return };
            self.now = self.now.max(next);
            if arrival.is_some_and(|at| at <= self.now) {
                let (_, (to, flight)) = self.air.pop_first().expect("there is an arrival");
                let mut events = Vec::new();
                self.ends[to].receive(flight, self.now, &mut events);
                self.seen[to].extend(events.into_iter().map(|event| (self.now, event)));
            }
            for end in 0..2 {
                let mut events = Vec::new();
                self.ends[end].wake(self.now, &mut events);
                self.seen[end].extend(events.into_iter().map(|event| (self.now, event)));
            }
            self.flush();
            self.ends.iter().for_each(|end| end.check().unwrap());
        }
    }

    fn when(&self, end: usize, which: impl Fn(&Event<Item>) -> bool) -> Option<Time> {
        self.seen[end].iter().find(|(_, event)| which(event)).map(|(at, _)| *at)
    }

    fn items(&self, end: usize, stream: u64) -> Vec<Item> {
        let of = |(_, event): &(Time, Event<Item>)| match event {
            Event::Item { stream: on, item } if *on == stream => Some(*item),
            _ => None,
        };
        self.seen[end].iter().filter_map(of).collect()
    }

    /// Connects, asks on stream 0, and is answered with items of 64 KiB, `count` of them. When the last came.
    fn fetch(&mut self, count: u32) -> Option<Time> {
        self.run(Time(u64::MAX >> 2), |pair| pair.when(0, |event| matches!(event, Event::Connected)).is_some());
        self.ends[0].write(0, (0, 0), 100);
        self.ends[0].finish(0);
        self.run(Time(u64::MAX >> 2), |pair| pair.when(1, |event| matches!(event, Event::Ended { stream: 0 })).is_some());
        for n in 0..count {
            self.ends[1].write(0, (n, 7), 64 << 10);
        }
        self.ends[1].finish(0);
        self.run(Time(600_000_000_000), |pair| pair.when(0, |event| matches!(event, Event::Ended { stream: 0 })).is_some());
        self.when(0, |event| matches!(event, Event::Ended { stream: 0 }))
    }
}

const MS: u64 = 1_000_000;

#[test]
fn a_handshake_takes_one_round_trip_at_the_client_and_one_and_a_half_at_the_server() {
    let mut pair = Pair::new(Line::clean(Span::millis(50), 10_000_000_000));
    pair.run(Time(MS * 1_000), |_| false);
    let connected = |end| pair.when(end, |event| matches!(event, Event::Connected)).unwrap().0 / MS;
    assert_eq!((connected(0), connected(1)), (100, 150));
}

#[test]
fn slow_start_doubles_what_is_under_way_each_round_trip() {
    // 10 packets, then 20, 40, 80, 160: with the pauses of pacing 1.3 MB take five to six round trips after the request.
    let mut pair = Pair::new(Line::clean(Span::millis(50), 10_000_000_000));
    let took = pair.fetch(4).unwrap();
    let trips = took.0 as f64 / (100.0 * MS as f64);
    // One for the handshake, one for the request, then 12 + 24 + 48 + 96 + 192 kB.
    assert!((5.5..7.5).contains(&trips), "{trips} round trips");
    assert_eq!(pair.lost, 0);
}

#[test]
fn a_long_transfer_over_a_clean_line_fills_it_and_loses_nothing() {
    let mut pair = Pair::new(Line::clean(Span::millis(5), 100_000_000));
    let took = pair.fetch(320).unwrap();
    let goodput = 320.0 * 65_536.0 * 8.0 / took.as_secs_f64() / 1e6;
    assert!((85.0..96.0).contains(&goodput), "{goodput} Mbit/s");
    assert_eq!(pair.lost, 0);
}

#[test]
fn every_item_comes_once_and_in_order_whatever_is_lost() {
    for seed in 0..40 {
        let loss = [0.01, 0.05, 0.15, 0.25][seed as usize % 4];
        let mut pair = Pair::new(Line { loss, seed, ..Line::clean(Span::millis(20), 50_000_000) });
        let took = pair.fetch(8);
        assert!(took.is_some(), "seed {seed}: the transfer ends");
        let expected: Vec<Item> = (0..8).map(|n| (n, 7)).collect();
        assert_eq!(pair.items(0, 0), expected, "seed {seed}");
        assert!(pair.lost > 0 || loss < 0.05);
    }
}

#[test]
fn a_shallow_queue_makes_the_window_find_the_line() {
    let line = Line { queue: Span::millis(20), ..Line::clean(Span::millis(20), 50_000_000) };
    let mut pair = Pair::new(line);
    let took = pair.fetch(400).unwrap();
    let goodput = 400.0 * 65_536.0 * 8.0 / took.as_secs_f64() / 1e6;
    assert!(pair.lost > 0, "slow start overshoots");
    assert!((38.0..49.0).contains(&goodput), "{goodput} Mbit/s");
}

#[test]
fn two_streams_share_what_there_is() {
    let mut pair = Pair::new(Line::clean(Span::millis(10), 100_000_000));
    pair.run(Time(MS * 100), |pair| pair.when(1, |event| matches!(event, Event::Connected)).is_some());
    for stream in [1, 5] {
        for n in 0..20 {
            pair.ends[1].write(stream, (n, 0), 64 << 10);
        }
        pair.ends[1].finish(stream);
    }
    pair.run(Time(MS * 10_000), |pair| pair.seen[0].iter().filter(|(_, event)| matches!(event, Event::Ended { .. })).count() == 2);
    let ended = |which| pair.when(0, |event| matches!(event, Event::Ended { stream } if *stream == which)).unwrap().0;
    assert!(ended(1).abs_diff(ended(5)) < 20 * MS, "{} and {}", ended(1), ended(5));
}

#[test]
fn a_silent_peer_is_given_up_after_the_idle_time() {
    let mut pair = Pair::new(Line { loss: 1.0, ..Line::clean(Span::millis(10), 100_000_000) });
    pair.run(Time(MS * 100_000), |pair| pair.when(0, |event| matches!(event, Event::Closed(None))).is_some());
    let closed = pair.when(0, |event| matches!(event, Event::Closed(None))).unwrap();
    assert_eq!(closed.0 / MS, 30_000);
}

#[test]
fn whoever_closes_tells_the_other() {
    let mut pair = Pair::new(Line::clean(Span::millis(10), 100_000_000));
    pair.run(Time(MS * 100), |pair| pair.when(1, |event| matches!(event, Event::Connected)).is_some());
    pair.ends[0].close(9);
    pair.run(Time(MS * 1_000), |pair| pair.when(1, |event| matches!(event, Event::Closed(_))).is_some());
    assert!(pair.when(1, |event| matches!(event, Event::Closed(Some(9)))).is_some());
}

#[test]
fn a_stream_that_is_reset_or_stopped_ends_at_the_other_side() {
    let mut pair = Pair::new(Line::clean(Span::millis(10), 1_000_000));
    pair.run(Time(MS * 100), |pair| pair.when(1, |event| matches!(event, Event::Connected)).is_some());
    pair.ends[1].write(1, (0, 0), 1 << 20);
    pair.ends[0].write(0, (0, 0), 1 << 20);
    pair.run(Time(MS * 200), |_| false);
    pair.ends[1].reset(1, 3);
    pair.ends[1].stop(0, 4);
    pair.run(Time(MS * 3_000), |_| false);
    assert!(pair.when(0, |event| matches!(event, Event::Reset { stream: 1, code: 3 })).is_some());
    assert!(pair.when(0, |event| matches!(event, Event::Stopped { stream: 0, code: 4 })).is_some());
    assert!(pair.items(0, 1).is_empty() && pair.items(1, 0).is_empty());
}
