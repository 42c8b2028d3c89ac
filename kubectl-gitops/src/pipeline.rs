//! The spine: every stage once, in order.

use std::path::Path;

use crate::error::{CliError, Code, Result};
use crate::report::Console;
use crate::settings::{BuildSettings, Connection, RunSettings};

fn unfinished() -> CliError {
    CliError::new(Code::Bug, "this command is being integrated")
}

pub(crate) fn build(_: &BuildSettings, _: bool, _: Option<&Path>, _: &mut Console) -> Result<u8> {
    Err(unfinished())
}

pub(crate) fn diff(_: &BuildSettings, _: &RunSettings, _: &Connection, _: &mut Console) -> Result<u8> {
    Err(unfinished())
}

pub(crate) fn apply(_: &BuildSettings, _: &RunSettings, _: &Connection, _: bool, _: &mut Console) -> Result<u8> {
    Err(unfinished())
}

pub(crate) fn delete(_: &RunSettings, _: &Connection, _: &mut Console) -> Result<u8> {
    Err(unfinished())
}

pub(crate) fn status(_: Option<&str>, _: bool, _: &Connection, _: &mut Console) -> Result<u8> {
    Err(unfinished())
}
