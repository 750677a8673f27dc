//! Numbers for people: four digits at most, and always with a unit.

/// A number of bytes, in the unit that leaves one to three digits before the point.
pub(crate) fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = n as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{} {}", short(value), UNITS[unit])
}

/// A count with thin groups of three: `1 000 000`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// A count for narrow places: `1.23 M`.
pub(crate) fn rounded(n: f64) -> String {
    match n {
        n if n >= 1e9 => format!("{} G", short(n / 1e9)),
        n if n >= 1e6 => format!("{} M", short(n / 1e6)),
        n if n >= 1e3 => format!("{} k", short(n / 1e3)),
        n => short(n),
    }
}

/// Seconds in the fitting unit of time.
pub(crate) fn seconds(s: f64) -> String {
    match s {
        s if s >= 120.0 => format!("{} min", short(s / 60.0)),
        s if s >= 1.0 || s == 0.0 => format!("{} s", short(s)),
        s if s >= 1e-3 => format!("{} ms", short(s * 1e3)),
        s => format!("{} us", short(s * 1e6)),
    }
}

/// At most three significant digits and no trailing zeros after a point.
fn short(value: f64) -> String {
    let decimals = match value.abs() {
        v if v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::{bytes, count, rounded, seconds};

    #[test]
    fn numbers_keep_few_digits_and_their_unit() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(8 << 30), "8 GiB");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_000_000), "1 000 000");
        assert_eq!(rounded(1_234_567.0), "1.23 M");
        assert_eq!(seconds(0.0042), "4.2 ms");
        assert_eq!(seconds(180.0), "3 min");
    }
}
