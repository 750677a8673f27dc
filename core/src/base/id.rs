//! Names of things.

/// A node of the world, numbered from zero. The number is an index in the plan's columns; it is not an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

impl NodeId {
    /// The node's place in a column of all nodes.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The node `step` places further round the circle of the first `population` nodes. Within the circle, and by less than a whole turn, this takes no
    /// division.
    #[inline]
    #[must_use]
    pub const fn ahead(self, step: u32, population: u32) -> Self {
        let (sum, population) = (self.0 as u64 + step as u64, population as u64);
        let place = if sum < population {
            sum
        } else if sum < 2 * population {
            sum - population
        } else {
            sum % population
        };
        Self(place as u32)
    }
}

impl core::fmt::Display for NodeId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "n{}", self.0)
    }
}
