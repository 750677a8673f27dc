//! Certificate files, looked at again and again: whoever deploys replaces them, and the node follows.

use crate::pki::{Anchor, Identity, PkiError, read_list};
use crate::quic::Shown;
use hypermesh_core::stoq::certs::RevocationList;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

/// Where the files of a node are.
#[derive(Clone, Debug)]
pub struct Files {
    /// The node's chain.
    pub chain: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// The list of revocations.
    pub revoked: PathBuf,
}

/// What was seen of the files last.
#[derive(Debug)]
pub struct Seen {
    files: Files,
    anchor: Arc<Anchor>,
    chain_at: Option<SystemTime>,
    list_at: Option<SystemTime>,
}

impl Seen {
    /// Nothing was seen yet but the certificate that is shown.
    pub fn new(files: Files, anchor: Arc<Anchor>) -> Self {
        let chain_at = changed(&files.chain);
        Self { files, anchor, chain_at, list_at: None }
    }

    /// Shows a new certificate, if there is one. The key is written before the certificate: a pair that does not fit yet is looked at again.
    pub fn certificate(&mut self, shown: &Shown) -> Result<bool, PkiError> {
        let at = changed(&self.files.chain);
        if at == self.chain_at {
            return Ok(false);
        }
        let identity = Identity::look(&self.files.chain, &self.files.key, &self.anchor)?;
        shown.replace(identity);
        self.chain_at = at;
        Ok(true)
    }

    /// The list of revocations, if it is new and its signature good.
    pub fn list(&mut self) -> Option<RevocationList> {
        let at = changed(&self.files.revoked);
        if at.is_none() || at == self.list_at {
            return None;
        }
        let list = std::fs::read(&self.files.revoked).ok().and_then(|bytes| read_list(&bytes, &self.anchor))?;
        self.list_at = at;
        Some(list)
    }
}

fn changed(path: &PathBuf) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}
