//! Tests of the maps, in sentences.

mod files;
mod world;
