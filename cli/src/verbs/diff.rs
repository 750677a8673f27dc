//! `diff`: what two runs, or two sets of runs, have in common and where they part.

use crate::args::{Out, formats};
use crate::exit::Code;
use crate::fail::{Done, Failure};
use crate::glue;
use crate::output::{Format, Output};

/// Its arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hypermesh diff broadcast-s1 broadcast-s2 --fail-on 5%")]
pub(crate) struct Args {
    /// The run, or runs, to compare with: the baseline.
    #[arg(value_name = "A")]
    a: String,

    /// The run, or runs, to judge.
    #[arg(value_name = "B")]
    b: String,

    #[command(flatten)]
    out: Out,

    /// End with code 7 if some metric is worse by more than this share.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    fail_on: Option<f64>,

    /// How to write the comparison.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats(&[Format::Text, Format::Json]))]
    format: Format,
}

/// Reads `5%` or `0.05`.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    let (digits, unit) = match text.strip_suffix('%') {
        Some(digits) => (digits, 0.01),
        None => (text, 1.0),
    };
    match digits.trim().parse::<f64>() {
        Ok(value) if value.is_finite() && value >= 0.0 => Ok(value * unit),
        _ => Err("write a share, for example 5%".to_owned()),
    }
}

/// Compares and prints.
pub(crate) fn run(args: &Args, output: Output) -> Done {
    let output = output.with(args.format);
    let side =
        |names: &str| names.split(',').map(|name| glue::records::open(&args.out.out, name.trim())).collect::<Result<Vec<_>, Failure>>();
    let (a, b) = (side(&args.a)?, side(&args.b)?);
    let told = glue::records::diff(&a, &b, args.fail_on)?;
    match args.format {
        Format::Json => output.json(&told.json),
        _ => output.line(told.text.trim_end()),
    }
    if told.regressions.is_empty() {
        return Ok(Code::Ok);
    }
    eprintln!("worse by more than the limit: {}", told.regressions.join(", "));
    output.next(&format!("hypermesh report {} --format md", args.b.split(',').next().unwrap_or("latest")));
    Ok(Code::Regression)
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn a_share_is_a_percentage_or_a_fraction() {
        assert_eq!(share("5%"), Ok(0.05));
        assert_eq!(share("0.05"), Ok(0.05));
        for wrong in ["-1%", "five", "", "nan"] {
            assert!(share(wrong).is_err(), "{wrong}");
        }
    }
}
