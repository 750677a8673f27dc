//! Two samples compared without supposing equal variances.
//!
//! Welch (1947): the difference of the means has a t distribution with Welch and Satterthwaite's degrees of freedom. Effect size: Hedges' g (1981), the
//! difference in units of the pooled deviation, with his correction for small samples.

/// The comparison of two samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Welch {
    /// Mean of the first.
    pub mean_a: f64,
    /// Mean of the second.
    pub mean_b: f64,
    /// Second minus first.
    pub difference: f64,
    /// Ends of the confidence interval of the difference; none with fewer than two values on a side.
    pub interval: Option<(f64, f64)>,
    /// Hedges' g; none where it is not defined.
    pub effect: Option<f64>,
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The unbiased variance.
fn variance(values: &[f64], mean: f64) -> f64 {
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() as f64 - 1.0)
}

/// Compares at a confidence of `confidence` (0.95 for 95 %). Neither side may be empty.
pub fn welch(a: &[f64], b: &[f64], confidence: f64) -> Welch {
    let (mean_a, mean_b) = (mean(a), mean(b));
    let difference = mean_b - mean_a;
    if a.len() < 2 || b.len() < 2 {
        return Welch { mean_a, mean_b, difference, interval: None, effect: None };
    }
    let (n_a, n_b) = (a.len() as f64, b.len() as f64);
    let (var_a, var_b) = (variance(a, mean_a), variance(b, mean_b));
    let (share_a, share_b) = (var_a / n_a, var_b / n_b);
    let squared = share_a + share_b;
    let freedom = squared.powi(2) / (share_a.powi(2) / (n_a - 1.0) + share_b.powi(2) / (n_b - 1.0));
    // Without any variance the difference is known exactly.
    let half = if squared > 0.0 { t_quantile(0.5 + confidence / 2.0, freedom) * squared.sqrt() } else { 0.0 };
    let pooled = (((n_a - 1.0) * var_a + (n_b - 1.0) * var_b) / (n_a + n_b - 2.0)).sqrt();
    let small = 1.0 - 3.0 / (4.0 * (n_a + n_b) - 9.0);
    let effect = (pooled > 0.0).then(|| difference / pooled * small);
    Welch { mean_a, mean_b, difference, interval: Some((difference - half, difference + half)), effect }
}

/// The value below which a t distribution lies with probability `p` (at least one half), found by halving.
pub fn t_quantile(p: f64, freedom: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while t_below(high, freedom) < p && high < 1e9 {
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = (low + high) / 2.0;
        if t_below(middle, freedom) < p { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// The probability that a t distributed value is below `t`, for t of at least zero (DLMF 8.17 and the usual identity).
fn t_below(t: f64, freedom: f64) -> f64 {
    1.0 - 0.5 * incomplete_beta(freedom / (freedom + t * t), freedom / 2.0, 0.5)
}

/// The regularized incomplete beta function I_x(a, b), by its continued fraction (DLMF 8.17.22), evaluated by Lentz' method.
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    // The fraction converges fast on this side of the mean only.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(1.0 - x, b, a);
    }
    let front = libm::exp(a * x.ln() + b * (1.0 - x).ln() - (libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b))) / a;
    front / continued_fraction(x, a, b)
}

/// The denominator 1 + d1/(1 + d2/(1 + ...)).
fn continued_fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let term = |k: usize| {
        let m = (k / 2) as f64;
        if k.is_multiple_of(2) {
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        }
    };
    let away = |value: f64| if value.abs() < TINY { TINY } else { value };
    let (mut value, mut c, mut d) = (1.0, 1.0, 0.0);
    for k in 1..=300 {
        d = 1.0 / away(1.0 + term(k) * d);
        c = away(1.0 + term(k) / c);
        let step = c * d;
        value *= step;
        if (step - 1.0).abs() < 1e-15 {
            break;
        }
    }
    value
}
