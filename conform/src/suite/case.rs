//! A case: one thing to try, and what has to come of it.

use super::tester::Tester;
use super::verdict::Outcome;
use crate::registry::Id;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;
use std::sync::Arc;

/// Which kind of purpose a case serves (ISO/IEC 9646: BV, BO, BI).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Polarity {
    /// Valid behaviour.
    Valid,
    /// The limit itself and its neighbours.
    Boundary,
    /// Invalid or inopportune behaviour.
    Invalid,
}

impl Polarity {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Boundary => "boundary",
            Self::Invalid => "invalid",
        }
    }
}

/// What the implementation under test plays in a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// An origin to which the tester connects.
    Origin,
    /// An edge to which the tester connects, and above which the tester is the only server.
    Edge,
    /// A client, told by an upper tester what to want from the tester.
    Client,
}

impl Subject {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Origin => "origin",
            Self::Edge => "edge",
            Self::Client => "client",
        }
    }
}

/// What a case needs of an implementation besides a certificate authority that both sides trust; each includes those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// Its address, and nothing else.
    #[default]
    Address,
    /// That it keeps contents. The tester stores them over the wire; nothing has to be there before.
    Contents,
    /// That it is set up in a way that the tester knows: figures of its PIXIT, the servers above it, the list of revocations.
    Configuration,
    /// Somebody who tells its applications what to do (Annex E), or a node that the case starts by itself.
    Upper,
}

impl Need {
    /// Every need, the least first.
    pub const ALL: [Self; 4] = [Self::Address, Self::Contents, Self::Configuration, Self::Upper];

    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Contents => "contents",
            Self::Configuration => "configuration",
            Self::Upper => "upper",
        }
    }

    /// What a case with this subject needs whatever it does.
    pub(crate) const fn of(subject: Subject) -> Self {
        match subject {
            Subject::Origin => Self::Address,
            // It has to know the tester as the server above it.
            Subject::Edge => Self::Configuration,
            Subject::Client => Self::Upper,
        }
    }
}

/// How a case is run.
#[derive(Clone)]
pub enum Run {
    /// Over a connection with the implementation, in each tier that has one.
    Wire(Subject, Arc<dyn Fn(&mut Tester<'_>) -> Outcome + Send + Sync>),
    /// On functions of the implementation, in memory.
    Function(Arc<dyn Fn() -> Outcome + Send + Sync>),
    /// On a node with its files and ports on this machine, which the case starts by itself.
    Process(Arc<dyn Fn() -> Outcome + Send + Sync>),
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wire(subject, _) => write!(f, "Wire({})", subject.name()),
            Self::Function(_) => f.write_str("Function"),
            Self::Process(_) => f.write_str("Process"),
        }
    }
}

/// One thing to try.
#[derive(Clone, Debug)]
pub struct Case {
    /// `R-6-02/length-in-two-octets`: the requirement that it judges, and what it tries.
    pub name: String,
    /// The requirement that it judges.
    pub requirement: Id,
    /// Requirements whose breach may make it fail too, with good reason: it cannot do its work without them.
    pub leans_on: Vec<Id>,
    /// Which kind of purpose it serves.
    pub polarity: Polarity,
    /// How it is run.
    pub run: Run,
    /// Whether it can run where only a real clock and a real network are.
    pub is_remote: bool,
    /// Whether it can run on the machines in memory.
    pub is_in_memory: bool,
    /// Why it runs on no simulated path that loses packets, if it does not.
    pub needs_clean_path: Option<&'static str>,
    /// Whether its verdict depends on a clock on the wall, so that it is run three times where that is the only clock.
    pub is_timed: bool,
    /// The least that it needs of an implementation; what it is seen to use comes on top (see [`super::needs`]).
    pub need: Need,
}

impl Case {
    /// A case over a connection.
    pub fn wire(
        name: &str,
        polarity: Polarity,
        subject: Subject,
        run: impl Fn(&mut Tester<'_>) -> Outcome + Send + Sync + 'static,
    ) -> Self {
        Self::new(name, polarity, Run::Wire(subject, Arc::new(run)))
    }

    /// A case on functions.
    pub fn function(name: &str, polarity: Polarity, run: impl Fn() -> Outcome + Send + Sync + 'static) -> Self {
        Self { is_remote: false, ..Self::new(name, polarity, Run::Function(Arc::new(run))) }
    }

    /// A case on a node that it starts by itself, with files and ports.
    pub fn process(name: &str, polarity: Polarity, run: impl Fn() -> Outcome + Send + Sync + 'static) -> Self {
        Self { is_in_memory: false, ..Self::new(name, polarity, Run::Process(Arc::new(run))) }
    }

    fn new(name: &str, polarity: Polarity, run: Run) -> Self {
        let requirement = name.split_once('/').and_then(|(id, _)| Id::parse(id));
        let requirement = requirement.unwrap_or_else(|| panic!("{name}: a case is named R-<clause>-<number>/what-it-tries"));
        let need = if let Run::Wire(subject, _) = &run { Need::of(*subject) } else { Need::Upper };
        Self {
            name: name.to_owned(),
            requirement,
            leans_on: Vec::new(),
            polarity,
            run,
            is_remote: true,
            is_in_memory: true,
            needs_clean_path: None,
            is_timed: false,
            need,
        }
    }

    /// The same, never run over a real network: it needs what only memory can do.
    #[must_use]
    pub fn in_memory(mut self) -> Self {
        self.is_remote = false;
        self
    }

    /// The same, never run in memory: it needs what only a network has.
    #[must_use]
    pub fn over_a_network(mut self) -> Self {
        self.is_in_memory = false;
        self
    }

    /// The same, which says nothing on a path that loses packets, and why: what QUIC has to send again takes time, and some figures leave none. What is lost for
    /// good is no reason: see the tier on the simulated network.
    #[must_use]
    pub fn on_a_clean_path(mut self, why: &'static str) -> Self {
        self.needs_clean_path = Some(why);
        self
    }

    /// The same, with a verdict that depends on a clock on the wall.
    #[must_use]
    pub fn timed(mut self) -> Self {
        self.is_timed = true;
        self
    }

    /// The same, which needs at least this of an implementation. Only what no run in memory can show has to be said.
    #[must_use]
    pub fn needing(mut self, need: Need) -> Self {
        self.need = self.need.max(need);
        self
    }

    /// The same, which also fails, with good reason, where one of these is broken.
    #[must_use]
    pub fn leaning_on(mut self, ids: &[&str]) -> Self {
        self.leans_on.extend(ids.iter().map(|id| Id::parse(id).unwrap_or_else(|| panic!("{id} is no id"))));
        self
    }

    /// Whether it can run on the simulated network: it goes over a connection, and runs in memory and over a real network too.
    pub const fn is_simulated(&self) -> bool {
        matches!(self.run, Run::Wire(..)) && self.is_in_memory && self.is_remote
    }

    /// What the implementation plays; none where functions are tried.
    pub const fn subject(&self) -> Option<Subject> {
        match &self.run {
            Run::Wire(subject, _) => Some(*subject),
            Run::Function(_) | Run::Process(_) => None,
        }
    }
}
