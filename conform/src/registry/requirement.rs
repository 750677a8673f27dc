//! One requirement, as its table in a TOML file says it.

use super::id::Id;
use serde::Deserialize;
use std::fmt;

/// How strong it is: the verb of its sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Needed for conformance.
    Shall,
    /// Recommended; who does otherwise still conforms.
    Should,
    /// Allowed.
    May,
}

impl Level {
    /// Every level.
    pub const ALL: [Self; 3] = [Self::Shall, Self::Should, Self::May];

    /// The verb.
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Shall => "shall",
            Self::Should => "should",
            Self::May => "may",
        }
    }
}

/// Which side of an exchange it binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Whoever asks, or opened the connection.
    Client,
    /// Whoever answers, or was connected to.
    Server,
    /// Both.
    Both,
}

/// A set of requirements that is claimed as a whole (clause 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Sessions, content, transfer: what everybody has.
    Core,
    /// Answering from copies.
    Cache,
    /// Choosing servers.
    Route,
    /// Issuing certificates, and proving that they are public.
    Trust,
    /// Storing objects, and keeping what was acknowledged.
    Replica,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 5] = [Self::Core, Self::Cache, Self::Route, Self::Trust, Self::Replica];

    /// Its name in text.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Core => "Core",
            Self::Cache => "Cache",
            Self::Route => "Route",
            Self::Trust => "Trust",
            Self::Replica => "Replica",
        }
    }
}

/// What a requirement is about, which decides the shape of its tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Octets on the wire.
    Wire,
    /// What is done in which state.
    State,
    /// When something happens.
    Timing,
    /// Chunks, manifests, names.
    Content,
    /// A function of inputs that vectors can hold.
    Function,
    /// What a node offers to people and programs beside the wire.
    Service,
    /// What a supplier writes down.
    Document,
}

/// Where a requirement can be observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// In the machines of one node, in memory.
    Core,
    /// In a simulated network of many nodes.
    Simulated,
    /// From another machine, over QUIC.
    Remote,
    /// By reading what the supplier declares.
    Inspection,
}

impl Tier {
    /// Its name in reports, as in the registry.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Simulated => "simulated",
            Self::Remote => "remote",
            Self::Inspection => "inspection",
        }
    }

    /// Its letter in tables.
    pub const fn letter(self) -> char {
        match self {
            Self::Core => 'C',
            Self::Simulated => 'S',
            Self::Remote => 'R',
            Self::Inspection => 'I',
        }
    }
}

/// What will be tried: a stimulus that is allowed, one at the limit, and one that is not allowed or out of turn.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purposes {
    /// Valid behaviour.
    pub valid: String,
    /// The limit itself and its neighbours.
    pub boundary: String,
    /// Invalid or inopportune behaviour.
    pub invalid: String,
}

/// A requirement.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Its name.
    pub id: Id,
    /// Its strength.
    pub level: Level,
    /// Its one sentence, as it stands in the standard.
    pub text: String,
    /// Whom it binds.
    pub role: Role,
    /// To which profile it belongs.
    pub profile: Profile,
    /// What it is about.
    pub kind: Kind,
    /// Where it can be observed.
    pub tiers: Vec<Tier>,
    /// Files of the reference implementation that keep it; none if it does not keep it yet.
    pub code: Vec<String>,
    /// The planted defect that breaks it, as the detection matrix will name it. Every shall has one of its own.
    pub defect: Option<String>,
    /// What will be tried. Every shall has it.
    pub purposes: Option<Purposes>,
    /// The revision of the draft in which it came.
    pub since: u16,
}

impl Requirement {
    /// Whether the reference implementation keeps it.
    pub fn is_built(&self) -> bool {
        !self.code.is_empty()
    }

    /// Whether only reading what the supplier declares can judge it.
    pub fn is_inspected(&self) -> bool {
        self.tiers == [Tier::Inspection]
    }

    /// Its row in the PICS proforma of Annex A.
    pub fn item(&self) -> String {
        format!("{}{}-{}", &self.profile.name()[..2].to_uppercase(), self.id.clause, self.id.number)
    }

    /// How it stands in the column *status* of a PICS proforma (ISO/IEC 9646-7): mandatory or optional, under the predicate of its profile.
    pub fn status(&self) -> String {
        let letter = if self.level == Level::Shall { "M" } else { "O" };
        match self.profile {
            Profile::Core => letter.to_owned(),
            profile => format!("{}:{letter}", profile.name().to_uppercase()),
        }
    }

    /// The letters of its tiers.
    pub fn tier_letters(&self) -> String {
        self.tiers.iter().map(|tier| tier.letter()).collect()
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Both => "both",
        })
    }
}
