//! Points of the globe as unit vectors: the nearest of many without a sine for each.

use hypermesh_core::base::Spot;

/// A unit vector.
pub(super) type Vector = [f64; 3];

/// The unit vector of a point.
pub(super) fn vector(spot: Spot) -> Vector {
    let (lat, lon) = (spot.lat.to_radians(), spot.lon.to_radians());
    [libm::cos(lat) * libm::cos(lon), libm::cos(lat) * libm::sin(lon), libm::sin(lat)]
}

/// The cosine of the angle between two: the larger, the nearer.
pub(super) fn nearness(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// The index of the nearest of some vectors; of equals the first.
pub(super) fn nearest(to: Vector, of: &[Vector]) -> Option<usize> {
    let mut best: Option<(f64, usize)> = None;
    for (index, vector) in of.iter().enumerate() {
        let near = nearness(to, *vector);
        if best.is_none_or(|(least, _)| near > least) {
            best = Some((near, index));
        }
    }
    best.map(|(_, index)| index)
}
