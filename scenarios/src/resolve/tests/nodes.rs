//! Groups, places and access.

use super::{plan, refused, world_plan_of};
use crate::plan::Role;
use hypermesh_core::base::{NodeId, Span};
use hypermesh_core::hypermesh::mesh::swim;

const HEAD: &str = "version: 1\nname: test\ntime: {stop: 60s}\n";

fn count(plan: &crate::plan::Plan, region: &str) -> usize {
    let index = plan.network.regions.iter().position(|name| name == region).expect("it exists") as u16;
    (0..plan.node_count()).filter(|node| plan.region_of(NodeId(*node)) == index).count()
}

#[test]
fn nodes_are_placed_in_proportion_to_population() {
    let plan = world_plan_of(20_000, "time: {stop: 60s}");
    let people: Vec<u64> = crate::network::backbone::map(40).population;
    let all: u64 = people.iter().sum();
    let mut nodes = vec![0u32; people.len()];
    plan.nodes.place.iter().for_each(|place| nodes[usize::from(*place)] += 1);
    for (place, (nodes, people)) in nodes.iter().zip(&people).enumerate() {
        let expected = 20_000.0 * *people as f64 / all as f64;
        // Five standard deviations of a binomial count.
        assert!((f64::from(*nodes) - expected).abs() < 5.0 * expected.sqrt(), "place {place}: {nodes} nodes, {expected} expected");
    }
}

#[test]
fn groups_go_where_they_are_told() {
    let groups = "groups:\n  one: {role: hypermesh-peer, count: 300, place: {region: eu-west}}\n  two: {role: hypermesh-peer, count: 1000, place: {regions: {us-east: 75%, asia-south: 25%}}}\n";
    let plan = plan(&format!("{HEAD}{groups}"));
    assert_eq!(count(&plan, "eu-west"), 300);
    assert!((700..=800).contains(&count(&plan, "us-east")));
    assert_eq!(count(&plan, "us-east") + count(&plan, "asia-south"), 1_000);
}

#[test]
fn even_and_listed_places_get_the_same_number_each() {
    let even = plan(&format!("{HEAD}network: {{cities: 50}}\ngroups: {{peer: {{role: hypermesh-peer, count: 200, place: even}}}}\n"));
    assert!((0..50u16).all(|place| even.nodes.place.iter().filter(|other| **other == place).count() == 4));
    let listed = plan(&format!(
        "{HEAD}network: {{paths: cloud}}\ngroups: {{peer: {{role: hypermesh-peer, count: 30, place: [us-east-1, eu-west-1, eu-west-2]}}}}\n"
    ));
    assert_eq!((count(&listed, "us-east-1"), count(&listed, "eu-west-1"), count(&listed, "eu-west-2")), (10, 10, 10));
}

#[test]
fn access_classes_have_their_shares_and_groups_their_own() {
    let groups =
        "groups:\n  one: {role: hypermesh-peer, count: 10000}\n  two: {role: hypermesh-peer, count: 500, access: {datacenter: 100%}}\n";
    let plan = plan(&format!("{HEAD}network: {{access: {{fibre: 50%, dsl: {{share: 50%, loss: 1%}}}}}}\n{groups}"));
    let names: Vec<&str> = plan.network.access.iter().map(|access| access.name.as_str()).collect();
    assert_eq!(names, ["fibre", "dsl", "datacenter"]);
    assert_eq!(plan.network.access[1].loss, 0.01);
    let fibre = plan.nodes.access[..10_000].iter().filter(|class| **class == 0).count();
    assert!((4_800..=5_200).contains(&fibre), "{fibre}");
    assert!(plan.nodes.access[10_000..].iter().all(|class| *class == 2));
}

#[test]
fn a_group_with_cells_becomes_a_group_for_each_cell() {
    let peer =
        "{role: hypermesh-peer, count: 1000, join: {over: 10s, shape: linear}, hyparview: off, plumtree: off, swim: {scope: {cell: 300}}}";
    let plan = plan(&format!("{HEAD}groups: {{peer: {peer}}}\n"));
    assert_eq!(
        plan.groups.iter().map(|group| (group.name.as_str(), group.first, group.count)).collect::<Vec<_>>(),
        [("peer.1", 0, 250), ("peer.2", 250, 250), ("peer.3", 500, 250), ("peer.4", 750, 250)]
    );
    for group in &plan.groups {
        let Role::Peer(config) = group.role else { panic!("they are peers") };
        let scope = config.swim.expect("it is on").scope;
        assert_eq!(scope, swim::Scope::Cell { first: group.first, count: group.count });
    }
    // Nodes start in the order of their numbers, as without cells.
    assert!((1..1_000).all(|node| plan.starts_at(NodeId(node)) >= plan.starts_at(NodeId(node - 1))));
    assert_eq!(plan.starts_at(NodeId(500)).since(plan.starts_at(NodeId(0))), Span::secs(5));
}

#[test]
fn names_that_the_network_does_not_have_are_all_told() {
    let text = format!(
        "{HEAD}network: {{paths: cloud}}\ngroups:\n  one: {{role: hypermesh-peer, count: 3, place: {{region: eu-wst-1}}}}\n  two: {{role: hypermesh-peer, count: 3, place: [nowhere]}}\n\
         faults:\n  - region_loss: {{at: 1s, for: 2s, region: us-mid}}\n  - loss_burst: {{at: 1s, for: 2s, loss: 3%, wires: {{touching: [mars]}}}}\n"
    );
    let found = refused(&text);
    assert_eq!(found.len(), 4, "{found:#?}");
    assert!(found[0].contains("E0501 the network has no region `eu-wst-1`") && found[0].starts_with("6:"), "{found:#?}");
    assert!(found[1].contains("E0502 the network has no place `nowhere`"), "{found:#?}");
}

#[test]
fn a_region_without_places_cannot_hold_nodes() {
    let found = refused(&format!(
        "{HEAD}network: {{cities: 3}}\ngroups: {{peer: {{role: hypermesh-peer, count: 3, place: {{region: oceania}}}}}}\n"
    ));
    assert!(found[0].contains("nobody lives in the region `oceania`"), "{found:#?}");
}

#[test]
fn a_matrix_is_read_from_its_file_and_its_mistakes_are_told() {
    let folder = std::env::temp_dir().join(format!("hypermesh-matrix-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let (good, bad) = (folder.join("good.csv"), folder.join("bad.csv"));
    std::fs::write(&good, "from,to,rtt\na,b,10\n").expect("a file can be written");
    std::fs::write(&bad, "from,to,rtt\na,b,x\na,b\n").expect("a file can be written");
    let text = |file: &std::path::Path| {
        format!("{HEAD}network: {{paths: {{matrix: '{}'}}}}\ngroups: {{peer: {{role: hypermesh-peer, count: 3}}}}\n", file.display())
    };
    assert_eq!(plan(&text(&good)).network.one_way_ns[1], 5_000_000);
    let found = refused(&text(&bad));
    assert!(found.len() == 2 && found[0].contains("E0504") && found[0].contains("line 2"), "{found:#?}");
    assert!(refused(&text(&folder.join("none.csv")))[0].contains("E0503"));
    std::fs::remove_dir_all(folder).expect("it can be removed");
}

#[test]
fn the_beginning_of_a_name_means_all_regions_that_begin_so() {
    let peer = "{role: hypermesh-peer, count: 1000, place: {regions: {eu: 50%, us-west: 50%}}}";
    let plan = plan(&format!("{HEAD}groups: {{peer: {peer}}}\nfaults: [{{region_loss: {{at: 9s, for: 1s, region: eu}}}}]\n"));
    let europe: usize = ["eu-west", "eu-central", "eu-north", "eu-south", "eu-east"].iter().map(|region| count(&plan, region)).sum();
    assert_eq!(europe + count(&plan, "us-west"), 1_000);
    assert!((440..=560).contains(&europe));
    assert_eq!(super::of_kind(&plan, "crash").len(), europe);
}
