//! Places on the globe.

/// Mean radius of the Earth in kilometres (IUGG).
pub const EARTH_RADIUS_KM: f64 = 6371.0088;

/// A point on the globe, in degrees.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spot {
    /// Degrees north of the equator, -90 to 90.
    pub lat: f64,
    /// Degrees east of Greenwich, -180 to 180.
    pub lon: f64,
}

impl Spot {
    /// Great-circle distance in kilometres (haversine).
    pub fn distance_km(self, other: Self) -> f64 {
        let radians = |degrees: f64| degrees * (core::f64::consts::PI / 180.0);
        let half_lat = libm::sin(radians(other.lat - self.lat) / 2.0);
        let half_lon = libm::sin(radians(other.lon - self.lon) / 2.0);
        let cosines = libm::cos(radians(self.lat)) * libm::cos(radians(other.lat));
        let h = half_lat * half_lat + cosines * half_lon * half_lon;
        2.0 * EARTH_RADIUS_KM * libm::asin(libm::sqrt(h.min(1.0)))
    }
}
