//! What can be wrong with a manifest.

/// Why bytes are no manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Where the item begins that was refused, in octets; where only the whole shows it, the manifest's length.
    pub at: usize,
    /// What was wrong.
    pub flaw: Flaw,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The name of the bytes is not the one that was asked for: the source's fault, whatever else.
    WrongName,
    /// More octets than a manifest may have.
    TooLong(usize),
    /// The bytes end inside an item.
    Truncated,
    /// Octets follow the manifest.
    Trailing,
    /// An integer or a length that is not in its shortest form.
    NotShortest,
    /// An item of indefinite length.
    Indefinite,
    /// A floating-point number.
    Float,
    /// An item of another type than the field has, or a reserved one.
    WrongType(&'static str),
    /// A number or length that the field cannot have.
    OutOfRange(&'static str, u64),
    /// An array that has not as many items as it must.
    Items(&'static str, u64),
    /// A key that came before.
    DuplicateKey(u64),
    /// A key that is smaller than the one before it.
    UnsortedKey(u64),
    /// A key that this version does not have.
    UnknownKey(u64),
    /// A field that must be there is not.
    Missing(&'static str),
    /// A field that this level cannot have.
    Misplaced(&'static str),
    /// A version other than 1.
    Version(u64),
    /// A level that there is not.
    Level(u64),
    /// Too many entries, or none above level 0.
    Entries(u64),
    /// An entry whose length the chunker cannot give, or with which the object would be too long.
    EntryLength {
        /// Which entry.
        index: usize,
        /// Its length.
        len: u64,
    },
    /// The total length is not the sum of the entries.
    TotalLength {
        /// What the manifest says.
        said: u64,
        /// What the entries sum up to.
        summed: u64,
    },
    /// A code that there cannot be.
    Code {
        /// The codec.
        codec: u16,
        /// Data shards of a group.
        data: u16,
        /// All shards of a group.
        total: u16,
    },
    /// Not one group for every `k` entries.
    Groups(u64),
    /// A group whose shard length, padding or number of parity names is not what its entries give, or whose shards are too long.
    Group(usize),
    /// A way of sealing that there cannot be: an unknown algorithm, an unknown nonce rule, or a nonce that repeats where it must not.
    Encryption {
        /// The algorithm's number in the registry of IANA.
        aead: u16,
        /// The nonce rule.
        nonce: u16,
    },
    /// An algorithm with which nothing new is written: only whoever writes is told so.
    Retired(u16),
}

impl core::fmt::Display for Flaw {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::WrongName => write!(f, "the bytes have another name than the one asked for"),
            Self::TooLong(len) => write!(f, "{len} octets are too many for a manifest"),
            Self::Truncated => write!(f, "the bytes end inside an item"),
            Self::Trailing => write!(f, "octets follow the manifest"),
            Self::NotShortest => write!(f, "a number is not in its shortest form"),
            Self::Indefinite => write!(f, "an item has no definite length"),
            Self::Float => write!(f, "a floating-point number"),
            Self::WrongType(field) => write!(f, "{field} is of another type"),
            Self::OutOfRange(field, value) => write!(f, "{field} cannot be {value}"),
            Self::Items(field, count) => write!(f, "{field} cannot have {count} items"),
            Self::DuplicateKey(key) => write!(f, "the key {key} comes twice"),
            Self::UnsortedKey(key) => write!(f, "the key {key} is out of order"),
            Self::UnknownKey(key) => write!(f, "version 1 has no key {key}"),
            Self::Missing(field) => write!(f, "{field} is missing"),
            Self::Misplaced(field) => write!(f, "{field} has no place at this level"),
            Self::Version(version) => write!(f, "version {version} is not known"),
            Self::Level(level) => write!(f, "there is no level {level}"),
            Self::Entries(count) => write!(f, "{count} entries"),
            Self::EntryLength { index, len } => write!(f, "entry {index} cannot have {len} bytes"),
            Self::TotalLength { said, summed } => write!(f, "the total length is said to be {said} and the entries have {summed}"),
            Self::Code { codec, data, total } => write!(f, "codec {codec} has no code of {data} out of {total}"),
            Self::Groups(count) => write!(f, "{count} groups do not match the entries"),
            Self::Group(index) => write!(f, "group {index} does not match its entries"),
            Self::Encryption { aead, nonce } => write!(f, "algorithm {aead} with nonce rule {nonce} is no way of sealing"),
            Self::Retired(aead) => write!(f, "algorithm {aead} is retired, so nothing new is written with it"),
        }
    }
}

impl core::fmt::Display for Refusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} (at octet {})", self.flaw, self.at)
    }
}

impl core::error::Error for Flaw {}
impl core::error::Error for Refusal {}
