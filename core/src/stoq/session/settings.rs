//! SETTINGS: what a side can do, needs and bears, as pairs of number and value in rising order.
//!
//! The pairs are kept as they came, unknown ones included, so that both sides hash the same bytes. Odd numbers are critical: who does not know one
//! ends the connection.

use super::limits::{CHUNK_BYTES_MAX, MANIFEST_BYTES_MAX, REQUESTS_MAX, SETTINGS_MAX};
use super::version::{MAJOR, MINOR, grease, is_critical, major_bit};
use super::violation::{SETTING_ORDER, SETTING_TWICE, Violation};
use crate::base::wire::{VARINT_MAX, put_varint, varint_len};
use crate::base::{Reader, Wire, WireError};
use crate::testing::Breach;

/// One row per setting: name, number, the value if it is absent, lowest and highest value.
macro_rules! settings {
    ($($(#[doc = $doc:literal])+ $name:ident = $number:literal, $absent:expr, $low:expr, $high:expr;)+) => {
        /// The known settings.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Setting {
            $($(#[doc = $doc])+ $name = $number,)+
        }

        impl Setting {
            /// Every known setting, in the order of its number.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The setting of that number, if it is known.
            pub const fn known(number: u64) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)+
                    _ => None,
                }
            }

            /// The value that holds where the setting is absent.
            pub const fn absent(self) -> u64 {
                match self {
                    $(Self::$name => $absent,)+
                }
            }

            /// Lowest and highest value.
            pub const fn bounds(self) -> (u64, u64) {
                match self {
                    $(Self::$name => ($low, $high),)+
                }
            }
        }
    };
}

settings! {
    /// Major versions that the sender speaks, one bit each from the lowest.
    Majors = 0x01, major_bit(MAJOR), 1, u32::MAX as u64;
    /// Longest chunk in bytes that it takes.
    ChunkBytes = 0x02, CHUNK_BYTES_MAX as u64, 64 << 10, CHUNK_BYTES_MAX as u64;
    /// Highest minor version of the major in use.
    Minor = 0x03, 0, 0, u32::MAX as u64;
    /// Longest manifest in bytes that it takes.
    ManifestBytes = 0x04, MANIFEST_BYTES_MAX as u64, 4 << 10, MANIFEST_BYTES_MAX as u64;
    /// Capabilities that it has, see [`Capabilities`].
    Capabilities = 0x05, 0, 0, VARINT_MAX;
    /// Request streams that it lets the other side have open at a time.
    Requests = 0x06, 16, 1, REQUESTS_MAX as u64;
    /// Capabilities without which it does not go on.
    Needs = 0x07, 0, 0, VARINT_MAX;
    /// Roles that it plays, one bit each, see [`Roles`].
    Roles = 0x08, 1, 0, VARINT_MAX;
    /// How long in milliseconds it leaves a silent connection open.
    IdleMillis = 0x0a, 30_000, 1_000, 600_000;
}

/// Things that one side may have and the other may lack, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities(pub u64);

impl Capabilities {
    /// Stores objects: PUT.
    pub const PUT: Self = Self(1);
    /// Obeys purges: PURGE.
    pub const PURGE: Self = Self(1 << 1);
    /// Tells and hears routes and places: ROUTE, LOCATION.
    pub const ROUTES: Self = Self(1 << 2);
    /// Answers probes: PING.
    pub const PROBES: Self = Self(1 << 3);
    /// Takes requests in early data (0-RTT).
    pub const EARLY: Self = Self(1 << 4);
    /// Understands erasure groups of codec 1.
    pub const ERASURE_1: Self = Self(1 << 5);
    /// Understands encrypted chunks.
    pub const SEALED: Self = Self(1 << 6);
    /// All that this implementation has.
    pub const ALL: Self = Self(0x7F);

    /// Whether all of `other` are among these.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Those of either.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those of this that are not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// The parts that a node plays, one bit each. A certificate says which of them it may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Roles(pub u8);

impl Roles {
    /// Asks.
    pub const CLIENT: Self = Self(1);
    /// Answers from a cache near the clients.
    pub const EDGE: Self = Self(1 << 1);
    /// Answers edges from a larger cache.
    pub const REGIONAL: Self = Self(1 << 2);
    /// Holds what was stored.
    pub const ORIGIN: Self = Self(1 << 3);
    /// Tells others where to ask.
    pub const ROUTER: Self = Self(1 << 4);
    /// Keeps a transparency log.
    pub const LOG: Self = Self(1 << 5);
    /// Stores and purges objects.
    pub const PUBLISHER: Self = Self(1 << 6);

    /// Whether all of `other` are among these.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Those of either.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What a side tells in SETTINGS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Pairs in rising order of number, none twice.
    pairs: Vec<(u64, u64)>,
}

impl Settings {
    /// The settings of a side that speaks this version and has `capabilities`.
    pub fn new(capabilities: Capabilities, roles: Roles) -> Self {
        Self::default()
            .with(Setting::Majors, major_bit(MAJOR))
            .with(Setting::Minor, u64::from(MINOR))
            .with(Setting::Capabilities, capabilities.0)
            .with(Setting::Roles, u64::from(roles.0))
    }

    /// The same with one value changed.
    #[must_use]
    pub fn with(self, setting: Setting, value: u64) -> Self {
        self.with_number(setting as u64, value)
    }

    /// The same with a pair that nobody understands, so that peers keep passing over what they do not know.
    #[must_use]
    pub fn with_grease(self, draw: u64) -> Self {
        self.with_number(grease(draw >> 32), draw & 0xFFFF_FFFF)
    }

    /// The same with any number, known or not. At most [`SETTINGS_MAX`] pairs; more are a defect of the caller.
    #[must_use]
    pub fn with_number(mut self, number: u64, value: u64) -> Self {
        match self.pairs.binary_search_by_key(&number, |pair| pair.0) {
            Ok(at) => self.pairs[at].1 = value,
            Err(at) => self.pairs.insert(at, (number, value)),
        }
        assert!(self.pairs.len() <= SETTINGS_MAX, "settings fit their frame");
        self
    }

    /// The value of a setting, told or by default.
    pub fn get(&self, setting: Setting) -> u64 {
        let found = self.pairs.binary_search_by_key(&(setting as u64), |pair| pair.0);
        match found {
            Ok(at) => self.pairs[at].1,
            Err(_) if setting == Setting::Requests && Breach::ForgetDefaults.is_on() => setting.bounds().1,
            Err(_) => setting.absent(),
        }
    }

    /// The pairs, in rising order.
    pub fn pairs(&self) -> &[(u64, u64)] {
        &self.pairs
    }

    /// Whether every known value is inside its bounds and every critical number is known.
    pub fn check(&self) -> Result<(), Violation> {
        for (number, value) in &self.pairs {
            match Setting::known(*number) {
                None if is_critical(*number) && !Breach::PassOverCriticalSetting.is_on() => return Err(Violation::SettingCritical),
                None => {}
                Some(setting) => {
                    let (low, high) = setting.bounds();
                    if !(low..=high).contains(value) {
                        return Err(Violation::SettingInvalid);
                    }
                }
            }
        }
        Ok(())
    }

    /// Bytes on the heap.
    pub const fn heap_bytes(&self) -> usize {
        self.pairs.capacity() * size_of::<(u64, u64)>()
    }
}

/// Whether a number is below the one before it.
fn falls(last: Option<&(u64, u64)>, number: u64) -> bool {
    last.is_some_and(|last| last.0 > number) && !Breach::AcceptUnsortedSettings.is_on()
}

impl Wire for Settings {
    fn encode(&self, out: &mut Vec<u8>) {
        for (number, value) in &self.pairs {
            put_varint(out, *number);
            put_varint(out, *value);
        }
    }

    fn encoded_len(&self) -> usize {
        self.pairs.iter().map(|(number, value)| varint_len(*number) + varint_len(*value)).sum()
    }

    /// Reads to the end of the frame.
    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut pairs: Vec<(u64, u64)> = Vec::new();
        while !reader.is_empty() {
            let (number, value) = (reader.varint()?, reader.varint()?);
            if pairs.iter().any(|pair| pair.0 == number) && !Breach::AcceptSettingTwice.is_on() {
                return Err(WireError::OutOfRange(SETTING_TWICE));
            }
            if pairs.len() == SETTINGS_MAX || falls(pairs.last(), number) {
                return Err(WireError::OutOfRange(SETTING_ORDER));
            }
            if pairs.is_empty() {
                // The number of pairs is bounded by what came, and by the limit.
                pairs.reserve_exact((1 + reader.remaining() / 2).min(SETTINGS_MAX));
            }
            pairs.push((number, value));
        }
        Ok(Self { pairs })
    }
}
