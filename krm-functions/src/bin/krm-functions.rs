//! `krm-functions`: runs one function over the ResourceList on standard input.
fn main() {}
