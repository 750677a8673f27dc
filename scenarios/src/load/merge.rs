//! Merging of layers.

use crate::read::{Content, Node};

/// Keys whose values are choices, or mixes that add up to a whole: half of one and half of another would make no sense, so the upper layer's is taken.
const WHOLE: &[&str] = &["paths", "place", "access", "scope", "split", "wires"];

/// Whether the value of that key is replaced whole.
pub(super) fn is_whole(key: &str) -> bool {
    WHOLE.contains(&key)
}

/// The upper layer over the lower one: mappings key by key, everything else replaced. Each value keeps the place where it was written.
pub(super) fn merge(below: Node, above: Node) -> Node {
    match (below.content, above.content) {
        (Content::Map(mut entries), Content::Map(upper)) => {
            for (key, value) in upper {
                match entries.iter_mut().find(|(k, _)| k.name == key.name) {
                    Some(entry) => {
                        let lower = std::mem::replace(&mut entry.1, Node::empty_map(key.at));
                        entry.1 = if is_whole(&key.name) { value } else { merge(lower, value) };
                        entry.0 = key;
                    }
                    None => entries.push((key, value)),
                }
            }
            Node { at: above.at, content: Content::Map(entries) }
        }
        (_, content) => Node { at: above.at, content },
    }
}
