//! What is done with a set, in which order, and what is measured of it.

use std::error::Error;
use std::fs;
use std::path::Path;

use testkit::objects;
use testkit::timing::{self, Run};

use crate::clients::{Client, Programs};
use crate::server::{Server, Used};

/// No client needs more of a processor for one round.
const CPU_SECONDS: u64 = 1800;
/// Ours is quick enough without a change that one run tells little: the middle one of these counts.
const REPEATED: usize = 5;

/// One measured run.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) objects: usize,
    pub(crate) round: &'static str,
    pub(crate) name: &'static str,
    pub(crate) ours: bool,
    pub(crate) run: Run,
    pub(crate) used: Used,
}

/// A set in a state: `changed` objects have another value, `removed` are not there.
fn write(directory: &Path, objects: usize, changed: &[usize], removed: &[usize]) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(directory)?;
    let manifest = |number: usize| {
        if changed.contains(&number) { objects::config_map(number, "changed") } else { objects::manifest(number) }
    };
    let all: String = (0..objects).filter(|number| !removed.contains(number)).map(manifest).collect();
    fs::write(directory.join("all.yaml"), all)?;
    fs::write(directory.join("kustomization.yaml"), "resources: [all.yaml]\n")?;
    Ok(())
}

/// All rounds of one client with a set of so many objects; afterwards nothing is left of it.
pub(crate) fn measure(
    server: &Server,
    programs: &Programs<'_>,
    work: &Path,
    client: Client,
    objects: usize,
    thorough: bool,
) -> Result<Vec<Measured>, Box<dyn Error>> {
    let directory = work.join("set");
    let path = directory.display().to_string();
    let (one, other) = (objects / 2 / 10 * 10 + 5, objects / 2 / 10 * 10 + 7);
    let ours = client == Client::Ours;
    server.make_namespace(client.namespace())?;
    let once = |round, name, command: &[String], codes: &[i32]| -> Result<Measured, Box<dyn Error>> {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let before = server.look()?;
        let run = timing::run(&words, &work.join("output"), CPU_SECONDS)?;
        let used = server.look()?.since(&before);
        if !codes.contains(&run.code) {
            return Err(format!("{words:?} ended with {}", run.code).into());
        }
        Ok(Measured { objects, round, name, ours, run, used })
    };
    let repeated = |round, name, command: &[String], codes: &[i32]| -> Result<Measured, Box<dyn Error>> {
        let times = if ours { REPEATED } else { 1 };
        let all: Result<Vec<Measured>, _> = (0..times).map(|_| once(round, name, command, codes)).collect();
        let mut all = all?;
        all.sort_by(|a, b| a.run.ms.total_cmp(&b.run.ms));
        Ok(all.swap_remove(times / 2))
    };
    let (apply, diff) = (client.apply(programs, &path), client.diff(programs, &path));
    let diff_name = client.diff_name().filter(|_| ours || thorough);
    let mut measured = Vec::new();

    write(&directory, objects, &[], &[])?;
    measured.push(once("first", client.name(), &apply, &[0])?);
    measured.push(repeated("no change", client.name(), &apply, &[0])?);
    if let Some(name) = diff_name {
        measured.push(repeated("diff, no change", name, &diff, &[0])?);
    }
    if ours || thorough {
        write(&directory, objects, &[one], &[])?;
        if let Some(name) = diff_name {
            measured.push(once("diff, one changed", name, &diff, &[1])?);
        }
        measured.push(once("one changed", client.name(), &apply, &[0])?);
        if client.prunes() {
            write(&directory, objects, &[one], &[other])?;
            measured.push(once("one removed", client.name(), &apply, &[0])?);
        }
    }
    server.empty_namespace(client.namespace())?;
    Ok(measured)
}
