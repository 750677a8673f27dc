//! Faults as people wrote them, for plots and for the ranges of expectations.

use crate::plan::Band;
use crate::spec::Scenario;
use crate::spec::faults::names;

/// The bands of all faults, in the order of the scenario. A fault that happens at one moment, or for good, has a band without length.
pub(super) fn bands(scenario: &Scenario) -> Vec<Band> {
    let band = |(fault, name): (&crate::read::At<crate::spec::Fault>, String)| {
        let from = fault.value.at().time();
        let until = fault.lasts().map_or(from, |lasts| from + lasts.span());
        Band { name, kind: fault.kind().to_owned(), from, until }
    };
    scenario.faults.iter().zip(names(&scenario.faults)).map(band).collect()
}
