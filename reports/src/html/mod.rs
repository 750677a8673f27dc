//! html

pub(crate) fn page(_run: &crate::run::Run, _plots: &[crate::plots::Plot]) -> Result<String, std::fmt::Error> {
    Ok(String::new())
}
