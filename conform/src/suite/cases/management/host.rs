//! R-17-01, R-17-02, R-17-06 and R-17-07: what a running node tells the host that it runs on. The daemon of the reference implementation is one.

use crate::suite::case::Case;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::Span;
use hypermesh_core::stoq::node::{ConnId, Fact};
use hypermesh_core::stoq::session::{Code, Roles};
use hypermesh_real::daemon::{Daemon, Metrics, Settings};
use hypermesh_real::driver::Figures;
use hypermesh_real::pki::Authority;
use std::net::SocketAddr;
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The clause, whose table has the names of all counters and gauges.
const CLAUSE: &str = include_str!("../../../../../docs/standard/17-management.md");

/// The cases of these requirements.
pub(super) fn cases() -> Vec<Case> {
    [counters(), rising(), addresses(), health()].concat()
}

fn wrong(error: impl std::fmt::Display) -> Miss {
    Miss::Error(format!("a daemon: {error}"))
}

/// The names of the table, those of the store apart.
pub(super) fn names(of_store: bool) -> impl Iterator<Item = &'static str> {
    let rows = CLAUSE.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(name, _)| name));
    let gauges = |name: &&str| name.starts_with("stoq_store_") && !name.ends_with("_total");
    rows.filter(move |name| name.starts_with("stoq_") && gauges(name) == of_store)
}

pub(super) fn has(page: &str, name: &str) -> bool {
    page.lines().any(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{'])))
}

/// The file of a node, in a folder with its certificates.
fn file(folder: &Path, role: &str, local: &str) -> Outcome<Settings> {
    let roles = if role == "origin" { Roles::ORIGIN } else { Roles::EDGE };
    let mut authority = Authority::create(&folder.join("certs")).map_err(wrong)?;
    authority.issue_to_files("node", roles, Span::secs(3_600)).map_err(wrong)?;
    let below = if role == "origin" {
        "store: {folder: store, quota: 64MiB}"
    } else {
        "upstreams: [{address: \"[::1]:9\", name: above, role: origin}]"
    };
    let text = format!(
        "role: {role}\nlisten: \"[::1]:0\"\nlocal: \"{local}\"\n{below}\n\
        certificates: {{ca: certs/ca.pem, chain: certs/node.pem, key: certs/node.key, revoked: certs/revoked.stoq}}\n"
    );
    Settings::read(&text, "node.yaml", folder).map_err(|error| Miss::Fail(error.to_string()))
}

/// Asks for a page: the status line and the text; none if nobody answers.
async fn page(at: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(at).await.ok()?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).await.ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await.ok()?;
    (!text.is_empty()).then_some(text)
}

/// Does something with a running node, in this thread alone, so that the breach of this thread is that of the node.
fn with_node(role: &str, what: impl AsyncFnOnce(Daemon, SocketAddr) -> Outcome) -> Outcome {
    let folder = tempfile::tempdir().map_err(wrong)?;
    let settings = file(folder.path(), role, "[::1]:0")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(wrong)?;
    let outcome = runtime.block_on(async {
        let daemon = Daemon::start(&settings).await.map_err(wrong)?;
        let at = daemon.local.ok_or_else(|| Miss::Fail("it offers no page for its host".into()))?;
        what(daemon, at).await
    });
    runtime.shutdown_timeout(std::time::Duration::from_millis(100));
    outcome
}

/// R-17-01: every counter and gauge.
fn counters() -> Vec<Case> {
    vec![
        Case::function("R-17-01/every-name-of-a-running-node", Valid, || {
            with_node("origin", async |_daemon, at| {
                let text = page(at, "/metrics").await.unwrap_or_default();
                let missing: Vec<&str> = names(false).chain(names(true)).filter(|name| !has(&text, name)).collect();
                ensure(missing.is_empty(), || format!("{missing:?} cannot be read"))
            })
        }),
        Case::function("R-17-01/a-node-without-a-store", Boundary, || {
            with_node("edge", async |_daemon, at| {
                let text = page(at, "/metrics").await.unwrap_or_default();
                let missing: Vec<&str> = names(false).filter(|name| !has(&text, name)).collect();
                ensure(missing.is_empty(), || format!("{missing:?} cannot be read"))?;
                let more: Vec<&str> = names(true).filter(|name| has(&text, name)).collect();
                ensure(more.is_empty(), || format!("a node without a store tells {more:?}"))
            })
        }),
        Case::function("R-17-01/a-page-that-is-not-there", Invalid, || {
            with_node("origin", async |_daemon, at| {
                let text = page(at, "/nothing").await.unwrap_or_default();
                ensure(text.starts_with("HTTP/1.1 404"), || format!("{text:?}"))
            })
        }),
    ]
}

/// The value of a counter on a page.
fn value(page: &str, name: &str) -> Option<u64> {
    page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

/// R-17-02: counters rise.
fn rising() -> Vec<Case> {
    let read = |refusals: u64| {
        let metrics = Metrics::default();
        (0..refusals).for_each(|conn| metrics.note(&Fact::Refused { conn: ConnId(conn), code: Code::NotFound }));
        metrics.page(&Figures::default(), &[("stoq_connections", "Connections that are open.", 9 - refusals)])
    };
    vec![
        Case::function("R-17-02/around-an-exchange", Valid, move || {
            let (before, after) = (value(&read(1), "stoq_refused_total"), value(&read(2), "stoq_refused_total"));
            ensure(before.is_some() && before < after, || format!("after a refusal {before:?} became {after:?}"))
        }),
        Case::function("R-17-02/in-silence", Boundary, move || {
            let (before, after) = (value(&read(3), "stoq_refused_total"), value(&read(3), "stoq_refused_total"));
            ensure(before.is_some() && before == after, || format!("in silence {before:?} became {after:?}"))
        }),
        Case::function("R-17-02/a-gauge-falls", Invalid, move || {
            let (before, after) = (value(&read(1), "stoq_connections"), value(&read(2), "stoq_connections"));
            ensure(before > after, || format!("a gauge of 8 and 7 is told as {before:?} and {after:?}"))
        }),
    ]
}

/// R-17-06: for this host alone.
fn addresses() -> Vec<Case> {
    let at = |text: &str, polarity, local: &'static str, good: bool| {
        Case::function(text, polarity, move || {
            let folder = tempfile::tempdir().map_err(wrong)?;
            let found = file(folder.path(), "origin", local);
            ensure(found.is_ok() == good, || format!("the interface at {local}: {found:?}"))
        })
    };
    vec![
        at("R-17-06/the-loopback-address", Valid, "[::1]:9100", true),
        at("R-17-06/all-addresses", Boundary, "[::]:9100", false),
        at("R-17-06/an-address-of-the-link", Boundary, "[fe80::1]:9100", false),
        at("R-17-06/an-address-of-the-world", Invalid, "[2001:db8::1]:9100", false),
        // The same where a node of this build is started with its files.
        Case::process("R-17-06/a-start-at-all-addresses", Boundary, || {
            let folder = tempfile::tempdir().map_err(wrong)?;
            let found = file(folder.path(), "origin", "[::]:9100");
            ensure(found.is_err(), || "a node starts whose interface is offered to everybody".into())
        }),
    ]
}

/// R-17-07: health.
fn health() -> Vec<Case> {
    vec![
        Case::function("R-17-07/a-running-node", Valid, || {
            with_node("origin", async |_daemon, at| {
                let text = page(at, "/health").await.unwrap_or_default();
                ensure(text.starts_with("HTTP/1.1 200"), || format!("a node that runs says {text:?}"))
            })
        }),
        Case::function("R-17-07/a-node-that-has-left", Invalid, || {
            with_node("origin", async |daemon, at| {
                let before = page(at, "/health").await.unwrap_or_default();
                ensure(before.starts_with("HTTP/1.1 200"), || format!("right before the end a node says {before:?}"))?;
                daemon.leave().await;
                tokio::task::yield_now().await;
                let after = page(at, "/health").await.unwrap_or_default();
                ensure(!after.starts_with("HTTP/1.1 200"), || "a node that has left says that it is well".into())
            })
        }),
    ]
}
