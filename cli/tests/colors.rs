//! Colours only where somebody sees them, and never where somebody asked for none.

mod common;

use common::{data, hypermesh};

/// Runs `check` on a valid file and tells whether its output has colours.
fn colored(arguments: &[&str], environment: &[(&str, &str)]) -> bool {
    let done = hypermesh()
        .arg("check")
        .arg(data("small.yaml"))
        .args(arguments)
        .envs(environment.iter().copied())
        .output()
        .expect("the command runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    done.stdout.contains(&0x1B)
}

#[test]
fn a_pipe_has_no_colours_unless_forced() {
    assert!(!colored(&[], &[]));
    assert!(colored(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(colored(&["--color", "always"], &[]));
}

#[test]
fn no_color_wins_over_the_environment_and_loses_to_the_option() {
    assert!(!colored(&[], &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]));
    assert!(!colored(&["--color=never"], &[("CLICOLOR_FORCE", "1")]));
    assert!(colored(&["--color", "always"], &[("NO_COLOR", "1")]));
}

#[test]
fn help_follows_the_option_too() {
    let help = |arguments: &[&str]| hypermesh().args(arguments).output().expect("the command runs").stdout;
    assert!(help(&["--color", "always", "--help"]).contains(&0x1B));
    assert!(!help(&["--color", "never", "--help"]).contains(&0x1B));
}
