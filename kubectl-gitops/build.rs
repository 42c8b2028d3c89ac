//! How the plugin is linked. Owns that release builds for Linux lie at a fixed address; must not generate code.

use std::env;

/// Go's tools, kubectl and kustomize among them, lie at a fixed address too. A program that can lie anywhere has 24 000 addresses
/// written into 430 KiB of it before `main`, each page of them copied: a fifth of a short run. Stack, heap and libraries stay at
/// random addresses.
const FIXED_ADDRESS: &str = "cargo::rustc-link-arg-bin=kubectl-gitops=-no-pie";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    // A static program is linked by other rules: `make dist` gives those itself.
    let is_static = env::var("CARGO_CFG_TARGET_FEATURE").is_ok_and(|all| all.split(',').any(|one| one == "crt-static"));
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") && is("PROFILE", "release") && !is_static
    {
        println!("{FIXED_ADDRESS}");
    }
}
