//! Development only: runs directories as named test cases, gives tests a hermetic command and a handle on the test cluster,
//! times processes.

pub mod cluster;
pub mod command;
pub mod disk;
pub mod git;
pub mod outside;
pub mod relay;
pub mod started;
pub mod timing;
