//! `certs`: the authority of a deployment, in a folder.

use super::{runtime, signalled};
use crate::exit::Code;
use crate::fail::{Done, Failure};
use crate::output::Output;
use clap::Subcommand;
use hypermesh_core::base::{Span, Time};
use hypermesh_core::stoq::preset::Unit;
use hypermesh_core::stoq::session::Roles;
use hypermesh_real::pki::{Authority, PkiError, now, roles_of};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Makes, renews and takes back certificates.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hypermesh certs init certs origin:origin edge-1:edge me:client,publisher")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make an authority in a folder, and first certificates
    Init {
        /// The folder.
        dir: PathBuf,
        /// Whose certificates, each as NAME:ROLES (roles: client, publisher, edge, regional, origin, router, log).
        #[arg(value_name = "NAME:ROLES", value_parser = holder)]
        holders: Vec<(String, Roles)>,
        /// How long certificates live.
        #[arg(long, value_name = "TIME", default_value = "24h", value_parser = span)]
        life: Span,
    },
    /// Issue a certificate
    Issue {
        /// The folder of the authority.
        dir: PathBuf,
        /// Whose, each as NAME:ROLES.
        #[arg(value_name = "NAME:ROLES", required = true, value_parser = holder)]
        holders: Vec<(String, Roles)>,
        /// How long certificates live.
        #[arg(long, value_name = "TIME", default_value = "24h", value_parser = span)]
        life: Span,
    },
    /// Take all certificates of a name back
    Revoke {
        /// The folder of the authority.
        dir: PathBuf,
        /// Whose.
        name: String,
    },
    /// Renew certificates and the list of revocations, until it is stopped
    ///
    /// Nodes believe a list for a while only, so something has to date it anew. Certificates are renewed when half of their life is over.
    Keep {
        /// The folder of the authority.
        dir: PathBuf,
        /// How often the list is dated anew.
        #[arg(long, value_name = "TIME", default_value = "10s", value_parser = span)]
        every: Span,
        /// How long renewed certificates live.
        #[arg(long, value_name = "TIME", default_value = "24h", value_parser = span)]
        life: Span,
    },
}

fn holder(text: &str) -> Result<(String, Roles), String> {
    let parts = text.split_once(':').and_then(|(name, roles)| Some((name.to_owned(), roles_of(roles)?)));
    parts.ok_or_else(|| "write NAME:ROLES, for example edge-1:edge".to_owned())
}

fn span(text: &str) -> Result<Span, String> {
    Unit::Time.read(text).map(Span).map_err(|error| error.to_string())
}

fn failed(dir: &Path) -> impl Fn(PkiError) -> Failure + '_ {
    move |error| match error {
        PkiError::UnknownName(_) => Failure::new(Code::Nothing, error.to_string(), "hypermesh certs --help"),
        PkiError::BadName(_) => Failure::new(Code::Usage, error.to_string(), "hypermesh certs issue --help"),
        _ => Failure::new(Code::Internal, error.to_string(), format!("hypermesh certs init {}", dir.display())),
    }
}

/// Does what was asked.
pub(crate) fn run(args: &Args, output: Output) -> Done {
    match &args.what {
        What::Init { dir, holders, life } => {
            let mut authority = Authority::create(dir).map_err(failed(dir))?;
            output.line(format_args!("an authority in {}", dir.display()));
            issue(&mut authority, dir, holders, *life, output)
        }
        What::Issue { dir, holders, life } => {
            let mut authority = Authority::open(dir).map_err(failed(dir))?;
            issue(&mut authority, dir, holders, *life, output)
        }
        What::Revoke { dir, name } => {
            let count = Authority::open(dir).and_then(|mut authority| authority.revoke(name)).map_err(failed(dir))?;
            output.line(format_args!("{count} certificates of {name} are taken back"));
            Ok(Code::Ok)
        }
        What::Keep { dir, every, life } => keep(dir, *every, *life, output),
    }
}

fn issue(authority: &mut Authority, dir: &Path, holders: &[(String, Roles)], life: Span, output: Output) -> Done {
    for (name, roles) in holders {
        authority.issue_to_files(name, *roles, life).map_err(failed(dir))?;
        output.line(format_args!("{}", dir.join(format!("{name}.pem")).display()));
    }
    Ok(Code::Ok)
}

/// Renews whatever is due, again and again. The folder is read anew each time, so that others may issue and revoke meanwhile.
fn keep(dir: &Path, every: Span, life: Span, output: Output) -> Done {
    runtime()?.block_on(async {
        loop {
            let renewed = renew(dir, life).map_err(failed(dir))?;
            for name in renewed {
                output.note(format_args!("{name} has a new certificate"));
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_nanos(every.0)) => {}
                () = signalled() => return Ok(Code::Ok),
            }
        }
    })
}

/// Dates the list anew, and renews certificates of which half of the life is over. Whose they are.
fn renew(dir: &Path, life: Span) -> Result<Vec<String>, PkiError> {
    let mut authority = Authority::open(dir)?;
    // The last certificate of each name counts. A name that was taken back gets none.
    let last: BTreeMap<String, _> = authority.entries().iter().map(|entry| (entry.name.clone(), entry.clone())).collect();
    let due = now() + Span(life.0 / 2);
    let mut renewed = Vec::new();
    for (name, entry) in last {
        if !entry.revoked && Time(entry.not_after) < due {
            authority.issue_to_files(&name, roles_of(&entry.roles).unwrap_or_default(), life)?;
            renewed.push(name);
        }
    }
    authority.publish()?;
    Ok(renewed)
}
