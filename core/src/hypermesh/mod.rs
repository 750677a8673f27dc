//! Layer 3: agreeing and computing. Today: the mesh that keeps a million nodes connected and informed.

pub mod mesh;
