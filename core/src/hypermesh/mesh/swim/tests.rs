//! Promises of failure detection.
