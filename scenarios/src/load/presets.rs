//! Scenarios to build on that are part of the program.

macro_rules! presets {
    ($($name:literal),* $(,)?) => {
        /// Names and texts of the presets.
        pub const PRESETS: &[(&str, &str)] = &[$( ($name, include_str!(concat!("../../presets/", $name, ".yaml"))) ),*];
    };
}

presets!("clean", "cloud", "datacenter", "harsh", "internet", "lan", "scale");

/// The text of a preset.
pub(super) fn named(name: &str) -> Option<&'static str> {
    PRESETS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
