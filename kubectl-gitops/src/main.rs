//! The plugin: parse, run, exit code.
fn main() {}
