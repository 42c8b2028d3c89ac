//! What the fuzz targets share: the laws (`targets`), trees of files in one text (`tree`), and mutations of whole lines
//! (`lines`). Replayed without a fuzzer by `tests/fuzz_regressions.rs`.

pub mod functions;
pub mod git;
pub mod git_wire;
pub mod lines;
pub mod sops;
pub mod substitution;
pub mod targets;
pub mod tree;
