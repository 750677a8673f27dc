//! Promises of the partial views, one node at a time. The whole mesh is tested in `peer`.
