//! Numbers for people: four significant digits and a fitting unit.

/// Rounds to four significant digits, without trailing zeros or an exponent.
pub fn sig4(value: f64) -> String {
    if !value.is_finite() {
        return "n/a".to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs().log10().floor() as i32;
    let decimals = (3 - magnitude).clamp(0, 12) as usize;
    // Above four digits the last ones are rounded too.
    let step = 10f64.powi((magnitude - 3).max(0));
    let rounded = (value / step).round() * step;
    let text = if decimals == 0 { grouped(rounded) } else { format!("{value:.decimals$}") };
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A whole number with all its digits, in groups of three: `1,000,000`.
pub fn exact(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn grouped(value: f64) -> String {
    let sign = if value < 0.0 { "-" } else { "" };
    format!("{sign}{}", exact(value.abs() as u64))
}

/// A number of things: exact below ten thousand, then with k, M, G or T.
pub fn count(value: f64) -> String {
    scaled(value, &[(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")], 1e3)
}

/// Steps are taken at the first factor; `k` is used from ten thousand on but divides by a thousand.
fn scaled(value: f64, steps: &[(f64, &str)], k: f64) -> String {
    for (from, suffix) in steps {
        if value.abs() >= *from {
            let by = if *suffix == "k" { k } else { *from };
            return format!("{} {suffix}", sig4(value / by));
        }
    }
    sig4(value)
}

/// A length of time given in nanoseconds.
pub fn time(ns: f64) -> String {
    let size = ns.abs();
    if !ns.is_finite() {
        "n/a".to_owned()
    } else if size == 0.0 {
        "0 s".to_owned()
    } else if size >= 120e9 {
        format!("{} min", sig4(ns / 60e9))
    } else if size >= 1e9 {
        format!("{} s", sig4(ns / 1e9))
    } else if size >= 1e6 {
        format!("{} ms", sig4(ns / 1e6))
    } else if size >= 1e3 {
        format!("{} µs", sig4(ns / 1e3))
    } else {
        format!("{} ns", sig4(ns))
    }
}

/// A moment of virtual time in seconds, with up to three decimals: `45.31 s`.
pub fn moment(ns: u64) -> String {
    let text = format!("{}.{:03}", ns / 1_000_000_000, ns / 1_000_000 % 1000);
    format!("{} s", text.trim_end_matches('0').trim_end_matches('.'))
}

/// An amount of memory or traffic.
pub fn bytes(value: f64) -> String {
    for (from, unit) in [((1u64 << 40) as f64, "TiB"), ((1u64 << 30) as f64, "GiB"), ((1u64 << 20) as f64, "MiB"), (1024.0, "KiB")] {
        if value.abs() >= from {
            return format!("{} {unit}", sig4(value / from));
        }
    }
    format!("{} B", sig4(value))
}

/// A share as percent. What is below one is never rounded up to `100 %`, what is above zero never down to `0 %`.
pub fn percent(share: f64) -> String {
    if !share.is_finite() {
        return "n/a".to_owned();
    }
    let value = share * 100.0;
    for decimals in 2..=9usize {
        let text = format!("{value:.decimals$}");
        let rounded: f64 = text.parse().unwrap_or(value);
        let honest = (rounded < 100.0 || value >= 100.0) && (rounded != 0.0 || value == 0.0);
        if honest || decimals == 9 {
            return format!("{} %", text.trim_end_matches('0').trim_end_matches('.'));
        }
    }
    unreachable!("the loop returns at its last round")
}

/// A value in the words of its unit (`one`, `ns`, `bytes`, `millionths`), as in the `unit` column of the tables.
pub fn with_unit(unit: &str, value: f64) -> String {
    match unit {
        "ns" => time(value),
        "bytes" => bytes(value),
        "millionths" => percent(value / 1e6),
        _ => count(value),
    }
}
