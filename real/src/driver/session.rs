//! What nodes on this driver tell of themselves.

use hypermesh_core::stoq::preset::Effective;
use hypermesh_core::stoq::session::{Capabilities, Config, Roles, Setting};

/// Sessions of a node that plays `roles` and has `capabilities`. Whatever its values say, it does not tell that it takes requests in early data: this driver
/// takes none (R-4-04).
pub fn session(values: &Effective, roles: Roles, capabilities: Capabilities) -> Config {
    let mut config = values.session(roles, capabilities);
    config.settings = config.settings.with(Setting::Capabilities, capabilities.without(Capabilities::EARLY).0);
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn early_data_are_not_offered_whatever_the_values_say() {
        let config = session(&Effective::new(None), Roles::EDGE, Capabilities::ALL);
        let told = Capabilities(config.settings.get(Setting::Capabilities));
        assert_eq!(told, Capabilities::ALL.without(Capabilities::EARLY));
    }
}
