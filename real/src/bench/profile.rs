//! From measurements of whole transfers to what a packet, a batch, a byte and a request cost on one core: the numbers that the simulator's processors take.
//!
//! Seconds of processor of either side are linear in what it did, and transfers with packets of several sizes, with and without segmentation offload, and
//! with few and many requests do it in different proportions. The costs are the least squares of the relative errors among those that are not negative.

/// Packets that quinn 0.11.12 hands to the system at once.
pub const BATCH_PACKETS: f64 = 10.0;

/// What one side of one transfer did, and the seconds of processor that it took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// Seconds of processor.
    pub seconds: f64,
    /// Bytes of UDP payload that it sent, its acknowledgements left out.
    pub sent_bytes: f64,
    /// Packets that it sent.
    pub sent_packets: f64,
    /// Times that it handed packets to the system.
    pub batches: f64,
    /// Bytes of UDP payload that it received, acknowledgements left out.
    pub received_bytes: f64,
    /// Packets that it received.
    pub received_packets: f64,
    /// Requests that it made or answered.
    pub requests: f64,
}

/// Costs on one core, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Profile {
    /// To hand packets to the system once.
    pub send_batch: f64,
    /// To send a packet, on top of that.
    pub send_packet: f64,
    /// To send a byte, on top of that.
    pub send_byte: f64,
    /// To receive a packet.
    pub receive_packet: f64,
    /// To receive a byte, on top of that.
    pub receive_byte: f64,
    /// One side of a request.
    pub request: f64,
    /// The largest relative error of a sample's seconds.
    pub error: f64,
}

/// How many costs there are.
const COSTS: usize = 6;
/// Rounds of the descent; it stands still long before.
const ROUNDS: usize = 200_000;

impl Sample {
    const fn counts(&self) -> [f64; COSTS] {
        [self.batches, self.sent_packets, self.sent_bytes, self.received_packets, self.received_bytes, self.requests]
    }
}

/// The costs that explain the samples best: non-negative least squares by descent along one cost after the other.
pub fn fit(samples: &[Sample]) -> Profile {
    let rows: Vec<[f64; COSTS]> =
        samples.iter().filter(|sample| sample.seconds > 0.0).map(|sample| sample.counts().map(|count| count / sample.seconds)).collect();
    // Counts differ by many powers of ten, so each is measured by its own size.
    let scale: [f64; COSTS] = std::array::from_fn(|at| rows.iter().map(|row| row[at] * row[at]).sum::<f64>().sqrt());
    let mut squares = [[0.0; COSTS]; COSTS];
    let mut wanted = [0.0; COSTS];
    for row in &rows {
        let row: [f64; COSTS] = std::array::from_fn(|at| if scale[at] > 0.0 { row[at] / scale[at] } else { 0.0 });
        for (a, of_a) in row.iter().enumerate() {
            wanted[a] += of_a;
            for (b, of_b) in row.iter().enumerate() {
                squares[a][b] += of_a * of_b;
            }
        }
    }
    let mut costs = [0.0f64; COSTS];
    for _ in 0..ROUNDS {
        for at in (0..COSTS).filter(|at| scale[*at] > 0.0) {
            let slope: f64 = squares[at].iter().zip(&costs).map(|(square, cost)| square * cost).sum::<f64>() - wanted[at];
            costs[at] = (costs[at] - slope / squares[at][at]).max(0.0);
        }
    }
    let costs: [f64; COSTS] = std::array::from_fn(|at| if scale[at] > 0.0 { costs[at] / scale[at] } else { 0.0 });
    let error = |row: &[f64; COSTS]| (row.iter().zip(&costs).map(|(count, cost)| count * cost).sum::<f64>() - 1.0).abs();
    let [send_batch, send_packet, send_byte, receive_packet, receive_byte, request] = costs;
    let error = rows.iter().map(error).fold(0.0, f64::max);
    Profile { send_batch, send_packet, send_byte, receive_packet, receive_byte, request, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What two sides did that move 10^9 bytes in packets of a size, with or without offload, in so many requests.
    fn transfer(packet: f64, offload: bool, requests: f64) -> [Sample; 2] {
        let (bytes, packets) = (1e9, 1e9 / packet);
        let batches = if offload { packets / BATCH_PACKETS } else { packets };
        let sender =
            Sample { sent_bytes: bytes, sent_packets: packets, batches, received_packets: packets / 2.0, requests, ..Sample::default() };
        let receiver = Sample {
            sent_packets: packets / 2.0,
            batches: packets / 2.0,
            received_bytes: bytes,
            received_packets: packets,
            requests,
            ..Sample::default()
        };
        [sender, receiver]
    }

    #[test]
    fn costs_are_found_again_from_what_they_add_up_to() {
        let costs = [4e-6, 0.4e-6, 0.9e-9, 0.7e-6, 1.1e-9, 25e-6];
        let transfers =
            [(1200.0, true, 250.0), (1452.0, true, 250.0), (6000.0, true, 250.0), (1452.0, false, 250.0), (1452.0, true, 16_000.0)];
        let mut samples: Vec<Sample> =
            transfers.iter().flat_map(|(size, offload, requests)| transfer(*size, *offload, *requests)).collect();
        for sample in &mut samples {
            sample.seconds = sample.counts().iter().zip(&costs).map(|(count, cost)| count * cost).sum();
        }
        let found = fit(&samples);
        let found_costs = [found.send_batch, found.send_packet, found.send_byte, found.receive_packet, found.receive_byte, found.request];
        for (cost, found) in costs.iter().zip(found_costs) {
            assert!((found / cost - 1.0).abs() < 0.02, "{cost} came out as {found}");
        }
        assert!(found.error < 1e-3, "{}", found.error);
    }

    #[test]
    fn no_cost_is_ever_negative() {
        let mut samples: Vec<Sample> = [1200.0, 6000.0].iter().flat_map(|size| transfer(*size, true, 250.0)).collect();
        // Larger packets cost more than smaller ones, which no packet's cost explains.
        for (at, sample) in samples.iter_mut().enumerate() {
            sample.seconds = 1.0 + at as f64 / 10.0;
        }
        let found = fit(&samples);
        assert!([found.send_batch, found.send_packet, found.receive_packet].iter().all(|cost| *cost >= 0.0), "{found:?}");
    }
}
