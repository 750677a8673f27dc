//! One measurement of `hypermesh bench scale`: `arm LOAD ARM NODES [THREADS]`.

use hypermesh_sim::bench::{Arm, Load, measure};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let load = Load::ALL.iter().find(|(name, _)| *name == words[0]).expect("token or gossip").1;
    let arm = Arm::ALL.iter().find(|(name, _)| *name == words[1]).expect("bare, engine or madsim").1;
    let nodes = words[2].parse().expect("a number of nodes");
    let threads = words.get(3).map_or(1, |n| n.parse().expect("a number of threads"));
    let row = measure(load, arm, nodes, threads).expect("a measurement");
    println!("{row:?} rate {:.0} ns/msg {:.1} bytes/node {:.0}", row.rate(), row.ns_per_message(), row.bytes_per_node(0));
}
