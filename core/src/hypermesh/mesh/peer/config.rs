//! What a mesh peer is made of.

use super::super::{hyparview, plumtree, swim, vivaldi};
use crate::testing::Defect;

/// The parts of a mesh peer. A part that is absent says and does nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Config {
    /// Partial views.
    pub hyparview: Option<hyparview::Config>,
    /// Broadcast trees; they need the views.
    pub plumtree: Option<plumtree::Config>,
    /// Failure detection; without the views it needs a cell.
    pub swim: Option<swim::Config>,
    /// Network coordinates, carried by the probes of the failure detector.
    pub vivaldi: Option<vivaldi::Config>,
    /// A defect planted by a test.
    pub defect: Option<Defect>,
}
