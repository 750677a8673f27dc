//! An implementation behind an upper tester (Annex E.2): a program of its supplier that does what lines on its standard input say.

use super::pki::{Deployment, TESTER};
use crate::suite::case::Subject;
use crate::suite::memory::subject;
use crate::suite::port::{Pixit, Stored};
use crate::suite::verdict::{Miss, Outcome};
use crate::vectors::{hex, unhex};
use hypermesh_core::base::{Span, Wire as _};
use hypermesh_core::stoq::node::{Command, JobId, Told};
use hypermesh_core::stoq::session::Code;
use hypermesh_core::stoq::transfer::{Counters, What};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, SocketAddrV6};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long an upper tester may take with what is not a job (Annex E.2).
const WITHIN: Duration = Duration::from_secs(10);
/// How long the octets of a job that has ended may be under way.
const SOON: Duration = Duration::from_millis(1_500);
/// A verb that an upper tester lacks is refused at once.
const AT_ONCE: Duration = Duration::from_millis(20);

/// What the program answered, by the number of the line.
#[derive(Debug, Default)]
struct Answers {
    came: Mutex<BTreeMap<u64, Value>>,
    more: Condvar,
}

/// The program of the supplier.
#[derive(Debug)]
pub(super) struct Upper {
    program: Child,
    lines: ChildStdin,
    answers: Arc<Answers>,
    next: u64,
    test: u64,
    jobs: BTreeMap<JobId, u64>,
    /// Where the implementation listens, if it does.
    pub(super) address: Option<SocketAddrV6>,
    /// Where it tells of itself, if it said so as it began to listen.
    pub(super) management: Option<SocketAddr>,
}

fn wrong(error: impl std::fmt::Display) -> Miss {
    Miss::Error(format!("the upper tester: {error}"))
}

impl Upper {
    /// Starts the program; its arguments stand behind its name, with spaces between.
    pub(super) fn begin(command: &str) -> Outcome<Self> {
        let mut words = command.split_whitespace();
        let program = words.next().ok_or_else(|| wrong("no program"))?;
        let mut program = std::process::Command::new(program)
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| wrong(format!("{program}: {error}")))?;
        let (lines, said) = (program.stdin.take(), program.stdout.take());
        let (Some(lines), Some(said)) = (lines, said) else {
            return Err(wrong("it has no standard input and output"));
        };
        let answers: Arc<Answers> = Arc::default();
        let heard = answers.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(said).lines().map_while(Result::ok) {
                // What is no answer is not this tester's business; a test that waits for one runs out of time.
                let Ok(answer) = serde_json::from_str::<Value>(&line) else {
                    continue;
                };
                let Some(seq) = answer["seq"].as_u64() else { continue };
                heard.came.lock().unwrap_or_else(PoisonError::into_inner).insert(seq, answer);
                heard.more.notify_all();
            }
        });
        Ok(Self { program, lines, answers, next: 1, test: 0, jobs: BTreeMap::new(), address: None, management: None })
    }

    /// Says a line, and does not wait for its answer.
    fn say(&mut self, verb: &str, members: Value) -> Outcome<u64> {
        let seq = self.next;
        self.next += 1;
        let mut line =
            Map::from_iter([("test".into(), json!(self.test.to_string())), ("seq".into(), json!(seq)), ("verb".into(), json!(verb))]);
        if let Value::Object(members) = members {
            line.extend(members);
        }
        writeln!(self.lines, "{}", Value::Object(line)).and_then(|()| self.lines.flush()).map_err(wrong)?;
        Ok(seq)
    }

    /// The answer to a line, if it comes in time.
    fn answer(&self, seq: u64, within: Duration) -> Option<Value> {
        let came = self.answers.came.lock().unwrap_or_else(PoisonError::into_inner);
        let (came, _) =
            self.answers.more.wait_timeout_while(came, within, |came| !came.contains_key(&seq)).unwrap_or_else(PoisonError::into_inner);
        came.get(&seq).cloned()
    }

    /// Says a line that has to be carried out before the test goes on.
    fn done(&mut self, verb: &str, members: Value) -> Outcome<Value> {
        let seq = self.say(verb, members)?;
        let answer = self.answer(seq, WITHIN).ok_or_else(|| wrong(format!("{verb} was not answered within 10 s")))?;
        if answer["ok"] == true {
            return Ok(answer);
        }
        Err(Miss::Inconclusive(format!("the upper tester cannot {verb}: {}", answer["why"].as_str().unwrap_or("without a word"))))
    }

    /// Ends whatever the implementation does for the test before.
    pub(super) fn halt(&mut self) -> Outcome {
        self.test += 1;
        self.jobs.clear();
        self.answers.came.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.done("stop", json!({ "orderly": false })).map(drop)
    }

    /// Brings the implementation, which was halted, up anew in a role, set as the PIXIT says, with the tester as the only server above, and with lists of
    /// revocations or without.
    pub(super) fn start(
        &mut self,
        subject: Subject,
        pixit: &Pixit,
        deployment: &mut Deployment,
        tester: SocketAddrV6,
        has_list: bool,
    ) -> Outcome {
        let roles = subject::roles(subject);
        let (chain, key) = deployment.files(&format!("conform-{}", subject.name()), roles)?;
        self.done("rotate", json!({ "chain": chain, "key": key }))?;
        let role = hypermesh_real::pki::words_of(roles);
        let (upstreams, names) = if subject == Subject::Origin { (vec![], vec![]) } else { (vec![tester.to_string()], vec![TESTER]) };
        let set = json!({ "parameters": parameters(pixit), "role": role, "upstreams": upstreams, "names": names, "lists": has_list });
        self.done("configure", set)?;
        (self.address, self.management) = (None, None);
        if subject != Subject::Client {
            let answer = self.done("listen", json!({ "address": "[::1]:0" }))?;
            let address = answer["address"].as_str().and_then(|text| text.parse().ok());
            self.management = answer["management"].as_str().and_then(|text| text.parse().ok());
            self.address = Some(address.ok_or_else(|| wrong("it listens at no address of IPv6"))?);
        }
        if subject == Subject::Client {
            // Answered when the session is open, which the tester has its part in.
            self.say("connect", json!({ "address": tester.to_string(), "name": TESTER }))?;
        }
        Ok(())
    }

    /// Gives an application of the implementation a job; none for what no verb says.
    pub(super) fn command(&mut self, job: JobId, command: Command) -> Option<()> {
        let (verb, members) = match command {
            Command::Get(order) => {
                let order = *order;
                let mut asked = match order.what {
                    What::Id(id) => json!({ "id": hex(id.0) }),
                    What::Name { name, version_min, age_max } => {
                        json!({ "name": name.as_str(), "lowest": version_min, "age": age_max.map(|age| age.0 / 1_000_000) })
                    }
                };
                asked["range"] = json!(order.range.map(|range| [range.start, range.end - range.start]));
                asked["resume"] = json!(order.resume.map(|resume| hex(resume.to_bytes())));
                ("get", asked)
            }
            Command::Ping { .. } => ("ping", json!({})),
            Command::Cancel => ("cancel", json!({ "of": self.jobs.get(&job)? })),
            // What an upper tester's application gets it takes at once.
            Command::Taken { .. } | Command::Credit { .. } => return Some(()),
            Command::Put(_) | Command::Purge { .. } => return None,
        };
        self.begun(job, verb, members)
    }

    /// Has an application of the implementation store an object; none if it cannot.
    pub(super) fn store(&mut self, job: JobId, object: &Stored<'_>) -> Option<()> {
        let octets = json!({ "seed": object.seed, "length": object.len });
        self.begun(job, "put", json!({ "name": object.name, "version": 1, "octets": octets }))
    }

    /// Says a line that belongs to a job; none if the upper tester does not know its verb.
    fn begun(&mut self, job: JobId, verb: &str, members: Value) -> Option<()> {
        let seq = self.say(verb, members).ok()?;
        if verb != "cancel" {
            self.jobs.insert(job, seq);
        }
        let answer = self.answer(seq, AT_ONCE);
        (!answer.is_some_and(|answer| answer["why"] == "unknown")).then_some(())
    }

    /// How a job ended, if it is over by then.
    pub(super) fn told(&self, job: JobId, until: Instant) -> Option<Told> {
        let answer = self.answer(*self.jobs.get(&job)?, until.saturating_duration_since(Instant::now()))?;
        let failed = |code| Told::Failed { code, retry: Span::ZERO, resume: None };
        if answer["ok"] != true {
            return Some(failed(Code::Internal));
        }
        if let Some(name) = answer["code"].as_str() {
            let code = Code::ALL.iter().copied().find(|code| format!("{code:?}") == name);
            return Some(failed(code.unwrap_or(Code::Internal)));
        }
        Some(match answer["round_trip"].as_u64() {
            Some(nanos) => Told::Pong { rtt: Span(nanos), load_permille: answer["load"].as_u64().unwrap_or(0).min(65_535) as u16 },
            None => Told::Got { counters: Counters::default() },
        })
    }

    /// The octets that a job gave its application before it ended.
    pub(super) fn got(&self, job: JobId) -> Vec<u8> {
        let answer = self.jobs.get(&job).and_then(|seq| self.answer(*seq, SOON));
        answer.and_then(|answer| answer["octets"].as_str().and_then(unhex)).unwrap_or_default()
    }

    /// Tells the implementation to leave in good order.
    pub(super) fn leave(&mut self) -> Option<()> {
        self.say("stop", json!({ "orderly": true })).ok().map(drop)
    }
}

/// The values of clause 4.4, by their names there.
fn parameters(pixit: &Pixit) -> Value {
    let time = |span: Span| format!("{}ms", span.0 / 1_000_000);
    json!({
        "session.agree-within": time(pixit.agree_within),
        "session.leave-within": time(pixit.leave_within),
        "session.stall-after": time(pixit.stall_after),
        "session.requests": pixit.requests.to_string(),
        "session.idle": time(pixit.idle),
        "session.waste-burst": pixit.waste_burst.to_string(),
        "session.waste-rate": pixit.waste_per_sec.to_string(),
        "session.told-rate": pixit.told_per_sec.to_string(),
        "lease": time(pixit.lease),
        "requests carried out at a time": pixit.serving_max.to_string(),
        "stores carried out at a time": pixit.puts_max.to_string(),
        "purges carried out at a time": pixit.purges_max.to_string(),
        "octets read ahead for a connection": pixit.send_ahead_bytes.to_string(),
    })
}

impl Drop for Upper {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}
