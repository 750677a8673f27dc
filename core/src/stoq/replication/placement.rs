//! Where replicas belong: weighted rendezvous hashing (Thaler and Ravishankar 1998, with the weights of Schindelhauer and Schomaker 2005) over failure
//! domains.

use crate::base::NodeId;
use crate::base::digest::Mixer;
use crate::stoq::chunk::ChunkId;
use crate::testing::Defect;
use core::cmp::Ordering;

/// The domain of the scores.
const SCORES: u64 = 0x706c_6163_656d_656e;

/// A node that can hold replicas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The node.
    pub node: NodeId,
    /// Its share of the chunks, relative to the others. Zero for a node that only gives away.
    pub weight: u32,
    /// What fails together on a large scale.
    pub region: u32,
    /// What fails together within the region: a building, a rack.
    pub site: u32,
}

/// A node stands twice among the members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TwiceError(pub NodeId);

impl core::fmt::Display for TwiceError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} stands twice among the members", self.0)
    }
}

impl core::error::Error for TwiceError {}

/// The members at a moment, and where chunks belong among them.
#[derive(Clone, Debug)]
pub struct Placement {
    /// By node.
    members: Vec<Member>,
    /// For each member, which region and which site it is in, counted from zero.
    domains: Vec<(u32, u32)>,
    regions: usize,
    sites: usize,
    pub(super) defect: Option<Defect>,
}

impl Placement {
    /// The same with a planted defect, for tests.
    #[must_use]
    pub fn planted(self, defect: Option<Defect>) -> Self {
        Self { defect, ..self }
    }

    /// A placement over these members, in any order.
    pub fn new(mut members: Vec<Member>) -> Result<Self, TwiceError> {
        members.sort_unstable_by_key(|member| member.node);
        if let Some(twice) = members.windows(2).find(|pair| pair[0].node == pair[1].node) {
            return Err(TwiceError(twice[0].node));
        }
        let mut regions: Vec<_> = members.iter().map(|member| member.region).collect();
        let mut sites: Vec<_> = members.iter().map(|member| (member.region, member.site)).collect();
        regions.sort_unstable();
        regions.dedup();
        sites.sort_unstable();
        sites.dedup();
        let index = |member: &Member| {
            let region = regions.partition_point(|region| *region < member.region);
            let site = sites.partition_point(|site| *site < (member.region, member.site));
            (region as u32, site as u32)
        };
        let domains = members.iter().map(index).collect();
        Ok(Self { members, domains, regions: regions.len(), sites: sites.len(), defect: None })
    }

    /// The members, by node.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Whether the node is a member.
    pub fn knows(&self, node: NodeId) -> bool {
        self.members.binary_search_by_key(&node, |member| member.node).is_ok()
    }

    /// The nodes that should hold a chunk, the first choice first: `replicas` of them, or all members with a weight if those are fewer.
    ///
    /// One after the other is taken the member with the best score among those in the region, then in the site, that has the fewest so far. The choice
    /// among the others does not depend on a member that is not chosen, so its coming and going moves nothing.
    pub fn holders(&self, chunk: &ChunkId, replicas: usize) -> Vec<NodeId> {
        let key = ChunkKey::of(chunk);
        let mut left: Vec<_> =
            (0..self.members.len()).filter(|i| self.members[*i].weight > 0).map(|i| (key.score(&self.members[i]), i)).collect();
        let (mut by_region, mut by_site) = (vec![0u32; self.regions], vec![0u32; self.sites]);
        let mut chosen = Vec::with_capacity(replicas.min(left.len()));
        while chosen.len() < replicas {
            let rank = |(score, i): &(f64, usize)| {
                let (region, site) = self.domains[*i];
                (by_region[region as usize], by_site[site as usize], *score, *i)
            };
            let better = |a: &(f64, usize), b: &(f64, usize)| {
                let (a, b) = (rank(a), rank(b));
                (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2)).then(a.3.cmp(&b.3))
            };
            let Some(best) = (0..left.len()).min_by(|a, b| -> Ordering { better(&left[*a], &left[*b]) }) else { break };
            let (_, i) = left.swap_remove(best);
            let (region, site) = self.domains[i];
            by_region[region as usize] += 1;
            by_site[site as usize] += 1;
            chosen.push(self.members[i].node);
        }
        chosen
    }
}

/// What of a chunk's name goes into the scores.
struct ChunkKey([u64; 2]);

impl ChunkKey {
    fn of(chunk: &ChunkId) -> Self {
        let word = |i: usize| u64::from_le_bytes(chunk.0[i..i + 8].try_into().expect("a name has 32 octets"));
        Self([word(0), word(8)])
    }

    /// The lower the better: an exponential value whose rate is the weight, so that the lowest of all is a member's with the probability of its share.
    fn score(&self, member: &Member) -> f64 {
        let hash = Mixer::new(SCORES).word(self.0[0]).word(self.0[1]).word(member.node.0.into()).finish();
        // In the middle of one of 2^53 steps: neither zero nor one.
        let unit = ((hash >> 11) as f64 + 0.5) * (1.0 / (1u64 << 53) as f64);
        -libm::log(unit) / f64::from(member.weight)
    }
}
