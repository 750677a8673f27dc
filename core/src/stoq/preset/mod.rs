//! Presets: every value that can be set about layer 1, what a preset makes of it, and where each effective value came from.
//!
//! ```text
//! default ◀ preset ◀ file ◀ override        the rightmost that says something holds
//! ```
//! Each value has a name, a unit, bounds and a sentence in one table ([`table`]), so that a configuration can be printed whole, with sources, and printed text
//! can be read again. Presets only differ in values: whatever a preset does can be done by hand.

mod build;
pub mod table;
#[cfg(test)]
mod tests;
pub mod unit;

use crate::testing::Breach;
pub use table::{Key, Row};
pub use unit::{Unit, UnitError};

/// A named set of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Preset {
    /// As many bytes per second as can be, whatever memory it takes.
    Throughput = 0,
    /// As little delay as can be.
    Latency = 1,
    /// A device with a few tens of megabytes to spare.
    SmallMemory = 2,
    /// A cache near many clients.
    Edge = 3,
    /// A store that has to keep what it acknowledged.
    Origin = 4,
}

impl Preset {
    /// Every preset, by its number.
    pub const ALL: [Self; 5] = [Self::Throughput, Self::Latency, Self::SmallMemory, Self::Edge, Self::Origin];

    /// The name that people write.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Throughput => "throughput",
            Self::Latency => "latency",
            Self::SmallMemory => "small-memory",
            Self::Edge => "edge",
            Self::Origin => "origin",
        }
    }

    /// The preset of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name() == name)
    }
}

/// Where a value came from. A later one holds against an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Nobody said anything.
    Default,
    /// The preset.
    Preset(Preset),
    /// The configuration file.
    File,
    /// The command line.
    Override,
}

impl core::fmt::Display for Source {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Preset(preset) => write!(f, "preset {}", preset.name()),
            Self::File => f.write_str("file"),
            Self::Override => f.write_str("override"),
        }
    }
}

/// Why a value cannot be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// No value has that name.
    Unknown {
        /// The name.
        name: String,
    },
    /// The text is no value of that unit.
    Text {
        /// Which.
        key: Key,
        /// Why.
        error: UnitError,
    },
    /// The value is outside its bounds.
    OutOfBounds {
        /// Which.
        key: Key,
    },
    /// Two values do not fit together; the text says why.
    Clash {
        /// One of them.
        key: Key,
        /// The other.
        with: Key,
        /// Why.
        why: &'static str,
    },
}

impl core::fmt::Display for Problem {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Unknown { name } => write!(f, "there is no value of the name {name}"),
            Self::Text { key, error } => write!(f, "{}: {error}", key.row().name),
            Self::OutOfBounds { key } => {
                let row = key.row();
                write!(f, "{} lies between {} and {}", row.name, row.unit.show(row.low), row.unit.show(row.high))
            }
            Self::Clash { key, with, why } => write!(f, "{} and {}: {why}", key.row().name, with.row().name),
        }
    }
}

/// All values as they hold, and where each came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    values: [(u64, Source); Key::ALL.len()],
}

impl Effective {
    /// The values of a preset, or the defaults.
    pub fn new(preset: Option<Preset>) -> Self {
        let values = core::array::from_fn(|at| {
            let row = Key::ALL[at].row();
            let own = preset.and_then(|preset| Some((row.presets[preset as usize]?, Source::Preset(preset))));
            own.unwrap_or((row.default, Source::Default))
        });
        Self { values }
    }

    /// Sets a value by its name, as text. What came from a later source stays.
    pub fn set(&mut self, source: Source, name: &str, text: &str) -> Result<(), Problem> {
        let key = Key::named(name).ok_or_else(|| Problem::Unknown { name: name.to_owned() })?;
        let value = key.row().unit.read(text).map_err(|error| Problem::Text { key, error })?;
        self.put(source, key, value)
    }

    /// Sets a value. What came from a later source stays.
    pub fn put(&mut self, source: Source, key: Key, value: u64) -> Result<(), Problem> {
        let row = key.row();
        if !(row.low..=row.high).contains(&value) {
            return Err(Problem::OutOfBounds { key });
        }
        let held = &mut self.values[key as usize];
        if held.1 <= source {
            *held = (value, source);
        }
        Ok(())
    }

    /// A value, in the base of its unit.
    pub const fn get(&self, key: Key) -> u64 {
        self.values[key as usize].0
    }

    /// Where a value came from.
    pub const fn source(&self, key: Key) -> Source {
        self.values[key as usize].1
    }

    /// What does not fit together; each value alone is inside its bounds already.
    pub fn problems(&self) -> Vec<Problem> {
        let rules: [(Key, Key, bool, &str); 6] = [
            (
                Key::QuicStreamWindow,
                Key::QuicConnectionWindow,
                self.get(Key::QuicStreamWindow) <= self.get(Key::QuicConnectionWindow),
                "one stream cannot hold more than the connection",
            ),
            (
                Key::CertsOverlap,
                Key::CertsLife,
                self.get(Key::CertsOverlap) <= self.get(Key::CertsLife) / 2,
                "certificates overlap for less than half of their life",
            ),
            (
                Key::CertsClockError,
                Key::CertsRevocationBound,
                self.get(Key::CertsClockError) * 4 <= self.get(Key::CertsRevocationBound),
                "a list of revocations has to count for a while after two clocks may be apart",
            ),
            (
                Key::TransferChunksInFlight,
                Key::TransferSources,
                self.get(Key::TransferSources) <= self.get(Key::TransferChunksInFlight),
                "a source without a chunk to send is of no use",
            ),
            (
                Key::SessionStallAfter,
                Key::TransferChunkWithin,
                self.get(Key::TransferChunkWithin) <= self.get(Key::SessionStallAfter),
                "a chunk is asked for elsewhere before its exchange is given up",
            ),
            (
                Key::ReplicationParityShards,
                Key::ReplicationDataShards,
                (self.get(Key::ReplicationParityShards) == 0) == (self.get(Key::ReplicationDataShards) == 0),
                "an erasure group has shards of both kinds, or there is none",
            ),
        ];
        let broken = rules.into_iter().filter(|(_, _, holds, _)| !holds);
        broken.map(|(key, with, _, why)| Problem::Clash { key, with, why }).collect()
    }

    /// A line for each value: name, value, source.
    pub fn lines(&self) -> impl Iterator<Item = (&'static Row, String, Source)> {
        let hidden = |key: &&Key| Breach::HidePresetValues.is_on() && matches!(self.source(**key), Source::Preset(_));
        Key::ALL.iter().filter(move |key| !hidden(key)).map(|key| {
            let row = key.row();
            (row, row.unit.show(self.get(*key)), self.source(*key))
        })
    }
}

impl core::fmt::Display for Effective {
    /// The whole configuration: each line can be read again by whoever drops what follows the `#`.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        for (row, value, source) in self.lines() {
            writeln!(f, "{:<34} {value:<12} # {source}", format!("{}:", row.name))?;
        }
        Ok(())
    }
}
