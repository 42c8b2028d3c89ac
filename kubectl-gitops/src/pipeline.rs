//! The spine: every stage once, in order.

mod deliver;
mod render;

use std::path::Path;

use crate::error::{CliError, Code, Result, exit};
use crate::report::Console;
use crate::settings::{BuildSettings, Connection, RunSettings};
use crate::source;

fn unfinished() -> CliError {
    CliError::new(Code::Bug, "this command is being integrated")
}

/// `build`: source → build → [functions] → output. Without the functions it is kustomize, byte for byte.
pub(crate) fn build(settings: &BuildSettings, rendered: bool, output: Option<&Path>, console: &Console) -> Result<u8> {
    let input = source::open(settings, rendered)?;
    let mut built = render::build(input, settings)?;
    if rendered {
        render::functions(&mut built)?;
    }
    console.warn_all(&built.warnings);
    deliver::deliver(&built.objects, output, console)?;
    Ok(exit::DONE)
}

pub(crate) fn diff(_: &BuildSettings, _: &RunSettings, _: &Connection, _: &Console) -> Result<u8> {
    Err(unfinished())
}

pub(crate) fn apply(_: &BuildSettings, _: &RunSettings, _: &Connection, _: bool, _: &Console) -> Result<u8> {
    Err(unfinished())
}

pub(crate) fn delete(_: &RunSettings, _: &Connection, _: &Console) -> Result<u8> {
    Err(unfinished())
}

pub(crate) fn status(_: Option<&str>, _: bool, _: &Connection, _: &Console) -> Result<u8> {
    Err(unfinished())
}
