//! The files of the registry, built into the crate: a command that judges implementations has to know the requirements wherever it is installed.

/// One file by its name.
macro_rules! file {
    ($name:literal) => {
        (concat!("registry/", $name), include_str!(concat!("../../../docs/standard/registry/", $name)))
    };
}

/// Each file by its name in the folder of the standard, with its text.
pub(super) const FILES: [(&str, &str); 14] = [
    file!("04-conformance.toml"),
    file!("06-wire.toml"),
    file!("07-versions.toml"),
    file!("08-streams.toml"),
    file!("09-content.toml"),
    file!("10-transfer.toml"),
    file!("11-cache.toml"),
    file!("12-routing.toml"),
    file!("13-certificates.toml"),
    file!("14-errors.toml"),
    file!("15-states.toml"),
    file!("16-security.toml"),
    file!("17-management.toml"),
    file!("withdrawn.toml"),
];

/// What stands for the whole registry: the BLAKE3 digest of its files, in the order of their names.
pub(super) fn digest() -> String {
    let mut hasher = blake3::Hasher::new();
    for (name, text) in FILES {
        hasher.update(name.as_bytes()).update(&[0]).update(text.as_bytes()).update(&[0]);
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use crate::registry::Registry;

    #[test]
    fn what_is_built_in_is_what_the_folder_holds() {
        let folder = crate::root().join(crate::FOLDER).join("registry");
        assert_eq!(Registry::load(&folder).as_ref(), Ok(&Registry::built_in()));
    }
}
