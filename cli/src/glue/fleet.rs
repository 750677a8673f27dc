//! A plan on real sockets: the nodes and wires as the simulator has them, given to a fleet, and what the fleet tells, given to the simulator's log.

use crate::exit::Code;
use crate::fail::Failure;
use hypermesh_core::base::{NodeId, Time};
use hypermesh_core::node::Content;
use hypermesh_core::stoq::node::Fact;
use hypermesh_core::stoq::preset::Effective;
use hypermesh_real::fleet::{Arrival, Ask, Fleet, FleetError, Health, Member, Published, Truth, Wires, Witness};
use hypermesh_scenarios::plan::{Plan, Role, StoqKind};
use hypermesh_scenarios::trace::Trace;
use hypermesh_sim::faults::Lives;
use hypermesh_sim::network::access;
use hypermesh_sim::site::catalogue::FIRST;
use hypermesh_sim::waking::{Actor, Cast, Lines, Log, Note, Reporter, Sending};
use hypermesh_sim::{Progress, Watch};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Nodes that one process runs on sockets.
pub(crate) const NODES_MAX: u32 = 256;
/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_millis(200);

/// What a run on sockets leaves.
#[derive(Debug)]
pub(crate) struct Measured {
    /// Its trace.
    pub(crate) trace: Trace,
    /// How well the machine kept up.
    pub(crate) health: Health,
}

/// Why a plan cannot run on sockets; none if it can.
pub(crate) fn obstacle(plan: &Plan) -> Option<String> {
    let nodes = plan.node_count();
    if plan.groups.iter().any(|group| !matches!(group.role, Role::Stoq(_))) {
        return Some("its nodes are not of layer 1, and only those run on sockets".into());
    }
    if nodes > NODES_MAX {
        return Some(format!("it has {nodes} nodes, and at most {NODES_MAX} run on sockets in one process"));
    }
    if !plan.faults.nodes.is_empty() {
        return Some("it lets nodes fail, which is simulated only".into());
    }
    if plan.groups.iter().any(|group| group.join_at.0 > 0 || group.join_over.0 > 0) {
        return Some("its nodes join one after the other, and on sockets all are there from the beginning".into());
    }
    if !plan.faults.stores.is_empty() || !plan.faults.certs.is_empty() || plan.certs.is_some() {
        return Some("its disks fail or its certificates end, which is simulated only".into());
    }
    if !plan.workload.revisions.is_empty() {
        return Some("it publishes new versions, which is simulated only".into());
    }
    if plan.groups.iter().any(|group| matches!(group.role, Role::Stoq(role) if role.poisons || role.equivocates || role.floods)) {
        return Some("it has adversaries, which are simulated only".into());
    }
    None
}

/// Runs a plan on sockets, in as much time as it lasts, or until `stop` is raised.
pub(crate) fn run(plan: &Plan, stop: &Arc<AtomicBool>, watch: &dyn Watch) -> Result<Measured, Failure> {
    let bad = |text: String| Failure::new(Code::Internal, format!("the plan cannot run: {text}"), "hypermesh check FILE");
    let lives = Lives::new(plan);
    let mut log = Log::new(plan, &lives).map_err(bad)?;
    let cast = Cast::new(plan).map_err(bad)?;
    let (reporter, notes) = Reporter::new();
    let folder = Folder::make()?;
    let (plan_of_thread, stop_of_thread) = (plan.clone(), Arc::clone(stop));
    let place = folder.0.clone();
    // The fleet has threads of its own; this one writes the log.
    let fleet = std::thread::spawn(move || on_sockets(&plan_of_thread, &cast, reporter, &place, &stop_of_thread));
    listen(plan, &mut log, &notes, watch, || fleet.is_finished());
    let ended = fleet.join().map_err(|_| Failure::new(Code::Internal, "the fleet stopped without a word", "the same command again"))?;
    let (end, health, wall_ns) = ended.map_err(|error| failure(&error))?;
    let partial = (end < plan.stop.0).then(|| format!("stopped at {} of {}", Time(end), plan.stop));
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u32);
    Ok(Measured { trace: log.finish(end, wall_ns, threads, partial), health })
}

/// Takes notes in until the fleet is gone, and tells how far it is.
fn listen(plan: &Plan, log: &mut Log<'_>, notes: &Receiver<Note>, watch: &dyn Watch, is_gone: impl Fn() -> bool) {
    let (began, mut told) = (Instant::now(), Instant::now());
    loop {
        match notes.recv_timeout(TELL_EVERY) {
            Ok(note) => log.take(note),
            // Something may still hold an end of the channel that nobody will use again.
            Err(RecvTimeoutError::Timeout) if is_gone() => return,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if told.elapsed() >= TELL_EVERY {
            told = Instant::now();
            let wall_ns = began.elapsed().as_nanos() as u64;
            let (events, messages) = log.counts();
            watch.progress(&Progress { now: Time(wall_ns.min(plan.stop.0)), stop: plan.stop, events, messages, wall_ns });
        }
    }
}

/// The fleet's own thread: when the run ended, how it went, and how long it took.
fn on_sockets(
    plan: &Plan,
    cast: &Cast,
    reporter: Reporter,
    folder: &std::path::Path,
    stop: &AtomicBool,
) -> Result<(u64, Health, u64), FleetError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().max_blocking_threads(16).build();
    let runtime = runtime.map_err(|error| FleetError::System("starting threads", error))?;
    let members: Vec<Member> = cast.actors.iter().map(member).collect();
    let asks: Vec<Ask> =
        plan.workload.fetches.iter().map(|fetch| Ask { at: fetch.at.0, node: fetch.node.0, object: fetch.object }).collect();
    let wires = PlanWires(Lines::new(plan, reporter.clone()));
    let done = runtime.block_on(async {
        let mut fleet = Fleet::start(&members, truth(cast), wires, folder, Arc::new(Ears(reporter)))?;
        let began = Instant::now();
        let (end, _) = fleet.run(&asks, plan.stop.0, |_| stop.load(Ordering::SeqCst)).await?;
        Ok((end, fleet.health(), began.elapsed().as_nanos() as u64))
    });
    // Nobody waits for what a node still has to say or to write.
    runtime.shutdown_timeout(Duration::from_millis(200));
    done
}

/// A node of the simulator as a member of a fleet.
fn member(actor: &Actor) -> Member {
    Member {
        node: actor.node.clone(),
        roles: actor.roles,
        values: Effective::new(actor.preset),
        above: actor.above.iter().map(|above| above.0).collect(),
        is_origin: actor.kind == StoqKind::Origin,
        serves: actor.kind.serves(),
        disk_bytes: actor.disk_bytes,
    }
}

fn truth(cast: &Cast) -> Truth {
    let published = |object: &hypermesh_sim::site::catalogue::Object| Published {
        name: object.name.clone(),
        version: FIRST,
        root: object.roots[0],
        len: object.len,
    };
    Truth {
        objects: cast.catalogue.objects().iter().map(published).collect(),
        contents: cast.catalogue.contents().map(|(id, bytes)| (*id, bytes.clone())).collect(),
    }
}

fn failure(error: &FleetError) -> Failure {
    let next = match error {
        FleetError::System(..) => "the same command after `ulimit -n 4096`, or with fewer nodes",
        FleetError::Pki(_) | FleetError::Store(_) => "the same command with TMPDIR where there is room",
    };
    Failure::new(Code::Internal, error.to_string(), next)
}

/// The simulator's wires under a fleet.
#[derive(Debug)]
pub(crate) struct PlanWires(Lines);

impl Wires for PlanWires {
    type Sending = Sending;

    fn send(&mut self, now: u64, from: u32, to: u32, payload: usize) -> (Sending, [Option<u64>; 2]) {
        self.0.send(now, NodeId(from), NodeId(to), payload)
    }

    fn arrive(&mut self, now: u64, sending: Sending) -> Arrival {
        match self.0.arrive(now, sending) {
            access::Arrival::Now => Arrival::Now,
            access::Arrival::Later(at) => Arrival::Later(at),
            access::Arrival::Full => Arrival::Gone,
        }
    }

    fn handed(&mut self, now: u64, sending: Sending) {
        self.0.handed(now, sending);
    }
}

/// Hears a fleet for the simulator's log.
#[derive(Debug)]
struct Ears(Reporter);

impl Witness for Ears {
    fn seen(&self, at: u64, node: u32, fact: &Fact) {
        self.0.seen(at, NodeId(node), *fact);
    }

    fn content(&self, at: u64, node: u32, content: Content) {
        self.0.tell(Note::Content { at, node: NodeId(node), content });
    }
}

/// A folder that goes away with the run.
struct Folder(PathBuf);

impl Folder {
    fn make() -> Result<Self, Failure> {
        let stamp = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_nanos();
        let path = std::env::temp_dir().join(format!("hypermesh-fleet-{}-{stamp}", std::process::id()));
        let made = std::fs::create_dir_all(&path);
        made.map_err(|error| {
            Failure::machine("making a folder for the nodes", &error, "the same command with TMPDIR where there is room")
        })?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed lies in the system's folder for such things.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests;
