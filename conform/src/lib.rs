//! The draft standard of STOQ as data.
//!
//! ```text
//! docs/standard/registry/*.toml ─▶ Registry ─┬─▶ sync: its sentences, and what is generated, in docs/standard/*.md
//!   the only source of requirements          ├─▶ lint: what is wrong with registry and text, all at once
//! docs/standard/*.md ────────────▶ Text ─────┴─▶ render: one HTML page, which a foreign tool prints as PDF
//! docs/standard/vectors ◀── vectors: what goes in and what comes out, for other implementers, compared with core
//! ```
//! A requirement stands in one table of a TOML file: its sentence, whom it binds, how it can be observed, what will be tried and which defect has to be found.
//! The text around the sentences is Markdown that people write. `cargo run -p hypermesh-conform --bin standard -- check` says what is wrong; the tests of this
//! crate run the same lints, and compare the tables of the text with the constants of core.

pub mod fault;
pub mod lint;
pub mod registry;
pub mod render;
pub mod suite;
pub mod sync;
pub mod text;
pub mod vectors;

pub use fault::Fault;
pub use registry::Registry;
pub use text::Text;

use std::path::{Path, PathBuf};

/// The folder of the standard below the root of the workspace.
pub const FOLDER: &str = "docs/standard";

/// The root of the workspace that this crate was built in.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Registry and text of a workspace, or everything that keeps one of the two from being read.
pub fn load(root: &Path) -> Result<(Registry, Text), Vec<Fault>> {
    let folder = root.join(FOLDER);
    match (Registry::load(&folder.join("registry")), Text::load(&folder)) {
        (Ok(registry), Ok(text)) => Ok((registry, text)),
        (registry, text) => Err([registry.err(), text.err()].into_iter().flatten().flatten().collect()),
    }
}
