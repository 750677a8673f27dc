//! The machine that a run was made on, as far as its numbers depend on it. Nothing that names the machine or its users.

use serde::{Deserialize, Serialize};

/// What the wall times of a run depend on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Hardware threads that the process may use.
    pub cores: u64,
    /// Model of the processor, or an empty text.
    pub processor: String,
    /// Memory of the machine in bytes, 0 where the system does not tell.
    pub memory_bytes: u64,
    /// Operating system.
    pub os: String,
    /// Instruction set.
    pub arch: String,
}

impl Machine {
    /// The machine that this process runs on.
    pub fn here() -> Self {
        Self {
            cores: std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64),
            processor: field("/proc/cpuinfo", "model name", ':').unwrap_or_default(),
            memory_bytes: field("/proc/meminfo", "MemTotal", ':').and_then(|text| kibibytes(&text)).unwrap_or(0),
            os: field("/etc/os-release", "PRETTY_NAME", '=').unwrap_or_else(|| std::env::consts::OS.to_owned()),
            arch: std::env::consts::ARCH.to_owned(),
        }
    }

    /// The machine in one line, for people.
    pub fn words(&self) -> String {
        let cores = if self.cores == 1 { "1 core".to_owned() } else { format!("{} cores", self.cores) };
        let memory =
            if self.memory_bytes > 0 { format!(", {} of memory", crate::numbers::bytes(self.memory_bytes as f64)) } else { String::new() };
        let processor = if self.processor.is_empty() { String::new() } else { format!(" ({})", self.processor) };
        format!("{cores}{processor}{memory}, {}, {}", self.os, self.arch)
    }
}

fn field(file: &str, key: &str, separator: char) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(separator)?.1.trim().trim_matches('"').to_owned())
}

fn kibibytes(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
}
