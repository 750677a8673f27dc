//! Promises of the broadcast trees, one node at a time. Whole trees are tested in `peer`.
