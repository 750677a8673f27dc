//! The conformance suite: which cases, where, and what came of them.

use hypermesh_conform::Registry;
#[cfg(feature = "real")]
use hypermesh_conform::registry::Profile;
use hypermesh_conform::registry::Tier;
use hypermesh_conform::suite::campaign::{in_memory, silently};
use hypermesh_conform::suite::report::{self, Detection, Evidence, Item, Ran, Summary};
use hypermesh_conform::suite::simulated::{self, FaultPlan};
use hypermesh_conform::suite::{Campaign, Case, Need, Record, needs};
use hypermesh_core::testing::Breach;
use std::sync::atomic::{AtomicBool, Ordering};

/// Where the tier on sockets finds what it tests.
#[cfg(feature = "real")]
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// At this address; the folder has the authority that it trusts. What it tells of itself, it may tell at the other address.
    At(std::net::SocketAddrV6, std::path::PathBuf, Option<std::net::SocketAddr>),
    /// Behind this upper tester; the folder has the authority that it trusts.
    Driven(String, std::path::PathBuf),
    /// In this process.
    Loopback,
}

/// How many nodes are tested at a time over loopback: most of a case is waiting.
#[cfg(feature = "real")]
const LANES: usize = 4;

/// What was chosen of the suite.
#[derive(Debug)]
pub(crate) struct Choice {
    /// Every case of the suite, and the canary if it is asked for.
    pub(crate) all: Vec<Case>,
    /// Those that are run.
    pub(crate) campaign: Campaign,
}

impl Choice {
    /// The cases whose name begins with one of these; all without any. With `most`, only cases over a network that need no more of an implementation.
    pub(crate) fn new(prefixes: &[String], most: Option<Need>, canary: bool) -> Self {
        let mut all = Campaign::all().cases;
        let named = |case: &Case| prefixes.is_empty() || prefixes.iter().any(|prefix| case.name.starts_with(prefix.trim_end_matches('*')));
        let chosen = |case: &Case| named(case) && most.is_none_or(|most| case.is_remote && needs::of(case) <= most);
        let mut cases: Vec<Case> = all.iter().filter(|case| chosen(case)).cloned().collect();
        if canary {
            all.push(report::canary());
            cases.push(report::canary());
        }
        Self { all, campaign: Campaign { cases } }
    }

    /// Runs the cases on the machines in memory, until `stop` is raised; what is left then is absent.
    pub(crate) fn memory(&self, breach: Option<Breach>, stop: &AtomicBool, mut step: impl FnMut()) -> Ran {
        let run = |case: &Case| {
            step();
            if stop.load(Ordering::SeqCst) { left(case, Tier::Core) } else { in_memory(case, breach) }
        };
        let records = silently(|| self.campaign.cases.iter().filter(|case| case.is_in_memory).map(run).collect());
        let implementation = match breach {
            None => "the machines of this build".to_owned(),
            Some(breach) => format!("the machines of this build with the breach {}", breach.names().0),
        };
        let options = breach.map_or_else(String::new, |breach| format!("--breach {}", breach.names().0));
        Ran { tier: Tier::Core, implementation, options, records }
    }

    /// Runs the cases that can run on the simulated network there, twice on each of these paths, on so many threads, until `stop` is raised; what is left then
    /// is absent.
    pub(crate) fn simulated(
        &self,
        plans: &[FaultPlan],
        seed: u64,
        breach: Option<Breach>,
        threads: usize,
        stop: &AtomicBool,
        mut step: impl FnMut() + Send,
    ) -> Ran {
        let paths: Vec<simulated::Path> = plans.iter().map(|plan| simulated::Path::new(*plan, seed)).collect();
        let tell = |_: &Record| {
            step();
            !stop.load(Ordering::SeqCst)
        };
        let records = silently(|| simulated::campaign(&self.campaign, &paths, breach, threads, tell));
        let names: Vec<&str> = plans.iter().map(|plan| plan.name()).collect();
        let with = breach.map_or_else(String::new, |breach| format!(" with the breach {}", breach.names().0));
        let implementation = format!("the node of this build{with}, on the simulated paths {}, seed {seed}", names.join(", "));
        let chosen: String =
            plans.iter().filter(|_| plans.len() < FaultPlan::ALL.len()).map(|plan| format!(" --plan {}", plan.name())).collect();
        let planted = breach.map_or_else(String::new, |breach| format!(" --breach {}", breach.names().0));
        Ran { tier: Tier::Simulated, implementation, options: format!("--simulated{chosen} --seed {seed}{planted}"), records }
    }

    /// Runs the cases that can run over a network on sockets, until `stop` is raised; what is left then is absent. What none of these
    /// profiles has is not applicable.
    #[cfg(feature = "real")]
    pub(crate) fn sockets(
        &self,
        place: &Place,
        profiles: &[Profile],
        stop: &AtomicBool,
        mut step: impl FnMut() + Send,
    ) -> Result<Ran, String> {
        use hypermesh_conform::suite::quic::{QuicPort, Target};
        use hypermesh_conform::suite::{Miss, Pixit};
        let own = std::env::temp_dir().join(format!("hypermesh-conform-{}", std::process::id()));
        let (implementation, options) = match place {
            Place::Loopback => ("the nodes of this build, over loopback".to_owned(), "--loopback".to_owned()),
            Place::At(address, folder, management) => {
                let management = management.map_or_else(String::new, |at| format!(" --management {at}"));
                (address.to_string(), format!("--target {address} --certs {}{management}", folder.display()))
            }
            Place::Driven(upper, folder) => (upper.clone(), format!("--upper '{upper}' --certs {}", folder.display())),
        };
        let made = std::fs::create_dir_all(&own).map_err(|error| format!("{}: {error}", own.display()));
        let mut campaign = self.campaign.clone();
        if !matches!(place, Place::Loopback) {
            // Cases that start a node with its files start one of this build, and say nothing about another.
            campaign.cases.retain(|case| !matches!(case.run, hypermesh_conform::suite::Run::Process(_)));
        }
        let (campaign, others) = campaign.claimed(profiles, Tier::Remote);
        let tell = |_: &Record| {
            step();
            !stop.load(Ordering::SeqCst)
        };
        // Whoever listens there, or is driven, is one, and hears one case after the other.
        let management = if let Place::At(_, _, management) = place { *management } else { None };
        let one = |target: Target, folder: &std::path::Path, tell| {
            QuicPort::new(target, folder, Pixit { management, ..Pixit::default() })
                .map(|mut port| campaign.on_port(&mut port, Tier::Remote, tell))
        };
        let ran = |(): ()| match place {
            Place::At(address, folder, _) => one(Target::At(*address), folder, tell),
            Place::Driven(upper, folder) => one(Target::Driven(upper.clone()), folder, tell),
            Place::Loopback => {
                let open = |lane: usize| {
                    let folder = own.join(lane.to_string());
                    std::fs::create_dir_all(&folder).map_err(|error| Miss::Error(format!("{}: {error}", folder.display())))?;
                    QuicPort::new(Target::Reference, &folder, Pixit::default())
                };
                campaign.on_ports(LANES, open, Tier::Remote, tell)
            }
        };
        let records = made.and_then(|made| silently(|| ran(made)).map_err(|miss| miss.why().to_owned()));
        let records = records.map(|mut records| {
            records.extend(others);
            records
        });
        // What was made for this campaign goes with it; that it cannot be removed changes no verdict.
        let _ = std::fs::remove_dir_all(&own);
        Ok(Ran { tier: Tier::Remote, implementation, options, records: records? })
    }

    /// Plants every breach of a requirement of which a case was chosen, and runs the chosen cases with each, on so many threads.
    #[cfg(feature = "zoo")]
    pub(crate) fn hunt(&self, threads: usize, stop: &AtomicBool, step: impl FnMut() + Send) -> Vec<Detection> {
        use std::sync::Mutex;
        use std::sync::atomic::AtomicUsize;
        let campaign = Campaign { cases: self.campaign.cases.iter().filter(|case| case.name != report::CANARY).cloned().collect() };
        let breaches = self.breaches();
        let hunt = silently(|| hypermesh_conform::suite::zoo::Hunt::new(&campaign));
        let (next, step) = (AtomicUsize::new(0), Mutex::new(step));
        let found = Mutex::new(Vec::new());
        let work = || {
            while let Some(breach) = breaches.get(next.fetch_add(1, Ordering::SeqCst)).filter(|_| !stop.load(Ordering::SeqCst)) {
                let caught = hunt.one(*breach);
                found.lock().expect("no thread panics here").push((*breach, Detection::from(&caught)));
                step.lock().expect("no thread panics here")();
            }
        };
        silently(|| std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work)))));
        let mut found = found.into_inner().expect("no thread panics here");
        found.sort_by_key(|(breach, _)| *breach);
        #[cfg(feature = "real")]
        for (breach, one) in &mut found {
            if !stop.load(Ordering::SeqCst) {
                over_sockets(&campaign, *breach, one);
            }
        }
        found.into_iter().map(|(_, one)| one).collect()
    }

    /// The breaches that a hunt plants.
    #[cfg(feature = "zoo")]
    pub(crate) fn breaches(&self) -> Vec<Breach> {
        let chosen: std::collections::BTreeSet<String> = self.campaign.cases.iter().map(|case| case.requirement.to_string()).collect();
        // Without a choice a breach whose requirement has no case is planted too, and counted as missed.
        let whole = self.campaign.cases.len() >= Campaign::all().cases.len();
        Breach::ALL.iter().copied().filter(|breach| whole || chosen.contains(breach.names().1)).collect()
    }
}

/// Asks the cases that need a network, if those in memory did not find the breach.
#[cfg(all(feature = "zoo", feature = "real"))]
fn over_sockets(campaign: &Campaign, breach: Breach, one: &mut Detection) {
    let own = |case: &&Case| case.requirement.to_string() == one.requirement && !case.is_in_memory && case.is_remote;
    let cases: Vec<Case> = campaign.cases.iter().filter(own).cloned().collect();
    if !one.found_by.is_empty() || cases.is_empty() {
        return;
    }
    // Where the tester itself cannot start, nothing was found, and the breach stays missed.
    let caught = silently(|| hypermesh_conform::suite::zoo::hunt_over_sockets(&Campaign { cases }, &[breach], |_| ()));
    one.found_by.extend(caught.into_iter().flatten().flat_map(|caught| caught.found_by));
}

fn left(case: &Case, tier: Tier) -> Record {
    Record::absent(case, tier, "the campaign was interrupted")
}

/// The form of the summary as JSON Schema.
pub(crate) fn schema() -> serde_json::Value {
    report::schema()
}

/// Everything that a report is made of, and its sum.
#[derive(Debug)]
pub(crate) struct Report {
    registry: Registry,
    all: Vec<Case>,
    tiers: Vec<Ran>,
    detections: Option<Vec<Detection>>,
    /// The sum.
    pub(crate) summary: Summary,
}

impl Report {
    /// The report of what ran.
    pub(crate) fn new(all: Vec<Case>, tiers: Vec<Ran>, detections: Option<Vec<Detection>>) -> Self {
        let registry = Registry::built_in();
        let summary = Evidence { registry: &registry, cases: &all, tiers: &tiers, detections: detections.as_deref() }.summary();
        Self { registry, all, tiers, detections, summary }
    }

    /// JUnit XML.
    pub(crate) fn junit(&self) -> Result<String, String> {
        report::junit(&self.summary).map_err(|error| error.to_string())
    }

    /// Each file of the report, by its name.
    pub(crate) fn files(&self) -> Result<Vec<(&'static str, String)>, String> {
        let evidence = Evidence { registry: &self.registry, cases: &self.all, tiers: &self.tiers, detections: self.detections.as_deref() };
        let items: Vec<Item> = report::items(&self.registry, &self.summary);
        let json = |value: serde_json::Result<String>| value.map(|text| text + "\n").map_err(|error| error.to_string());
        Ok(vec![
            ("conformance.html", report::page(&evidence, &self.summary).map_err(|error| error.to_string())?),
            ("conformance.json", json(serde_json::to_string_pretty(&self.summary))?),
            ("junit.xml", self.junit()?),
            ("pics.csv", report::csv(&items)),
            ("pics.json", json(serde_json::to_string_pretty(&items))?),
        ])
    }
}
