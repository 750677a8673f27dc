//! Writes a run whose figures are invented, to look at the page: `cargo run --example sample -- DIRECTORY [NODES]`.

#[path = "../tests/reports/common/mod.rs"]
mod common;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let out = arguments.next().unwrap_or_else(|| "runs".to_owned());
    let nodes = arguments.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let plan = common::plan("invented-sample", nodes, 7);
    let trace = common::trace(&plan);
    let begun = std::time::Instant::now();
    let directory = hypermesh_reports::write(&plan, &trace, out.as_ref(), &common::reproduce())?;
    eprintln!("written in {} ms", begun.elapsed().as_millis());
    println!("{}", directory.display());
    Ok(())
}
