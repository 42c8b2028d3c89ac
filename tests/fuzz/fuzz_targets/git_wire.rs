//! Fuzzes `fuzz::git_wire`, where it says what must hold.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fuzz::git_wire::git_wire(data));
