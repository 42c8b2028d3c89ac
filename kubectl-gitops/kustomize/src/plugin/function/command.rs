//! From a function's specification to the process that runs it. Owns arguments and environment, which are kustomize's; must not
//! know what goes through the process.

use std::collections::BTreeMap;
use std::path::Path;

use super::spec::{ContainerSpec, ExecSpec, FunctionSpec, Mount};
use super::{FunctionError, FunctionOptions};
use crate::load::clean;
use crate::outside::{Process, Program, Word};

/// The process that runs the function in `directory`; `None` if there is nothing to run, or running it is not enabled.
///
/// # Errors
/// It wants the network, which is not enabled.
pub(super) fn process(
    spec: &FunctionSpec,
    options: &FunctionOptions,
    directory: &Path,
) -> Result<Option<Process>, FunctionError> {
    let FunctionSpec { container, exec, defer_failure: _, mark: _ } = spec;
    if container.network && !options.network {
        return Err(FunctionError::NetworkNotEnabled);
    }
    let process = if !container.image.is_empty() {
        container_process(container, options, directory)
    } else if options.exec && !exec.path.is_empty() {
        exec_process(exec, options, directory)
    } else {
        return Ok(None);
    };
    // What runs there by accident would have the whole machine before it.
    if directory == Path::new("/") {
        return Err(FunctionError::RootDirectory);
    }
    Ok(Some(process))
}

fn exec_process(spec: &ExecSpec, options: &FunctionOptions, directory: &Path) -> Process {
    // An entry with no `=`, or with two, does not count for kustomize; the command line's win.
    let entries = spec.envs.iter().chain(&options.env).filter_map(|entry| entry.split_once('='));
    let env: BTreeMap<&str, &str> = entries.filter(|(_, value)| !value.contains('=')).collect();
    let mut process = Process::new(Program::Named(spec.path.clone()), Some(directory.to_owned()));
    process.args = spec.args.iter().map(|arg| Word::from(arg.as_str())).collect();
    process.env = env.into_iter().map(|(name, value)| (name.to_owned(), Word::from(value))).collect();
    process
}

fn container_process(spec: &ContainerSpec, options: &FunctionOptions, directory: &Path) -> Process {
    let network = if spec.network { "host" } else { "none" };
    let user = options.user.as_deref().unwrap_or("nobody");
    let fixed = ["run", "--rm", "-i", "-a", "STDIN", "-a", "STDOUT", "-a", "STDERR"];
    let mut args: Vec<String> = fixed.into_iter().map(str::to_owned).collect();
    args.extend(["--network", network, "--user", user, "--security-opt=no-new-privileges"].map(str::to_owned));
    let more: Vec<Mount> = options.mounts.iter().map(|words| Mount::from_words(words)).collect();
    for mount in spec.mounts.iter().chain(&more) {
        args.push("--mount".to_owned());
        args.push(mount_words(mount, directory));
    }
    for variable in variables(&spec.envs, &options.env) {
        args.push("-e".to_owned());
        args.push(variable);
    }
    args.push(spec.image.clone());
    let mut process = Process::new(Program::ContainerRuntime, Some(directory.to_owned()));
    process.args = args.into_iter().map(Word::from).collect();
    process
}

fn mount_words(mount: &Mount, directory: &Path) -> String {
    let source = Path::new(&mount.source);
    let source = if source.is_absolute() { source.to_owned() } else { clean(&directory.join(source)) };
    let mode = if mount.writable { "" } else { ",readonly" };
    format!("type={},source={},target={}{mode}", mount.kind, source.display(), mount.target)
}

/// First what is set, by name; then what is passed on from the environment, in order.
fn variables(declared: &[String], given: &[String]) -> Vec<String> {
    // These two come with what the command line says, and win over what the configuration says.
    let always = ["LOG_TO_STDERR=true", "STRUCTURED_RESULTS=true"];
    let entries = declared.iter().map(String::as_str).chain(always).chain(given.iter().map(String::as_str));
    let mut set: BTreeMap<&str, &str> = BTreeMap::new();
    let mut passed: Vec<&str> = Vec::new();
    for entry in entries {
        match entry.split_once('=') {
            Some((name, value)) => {
                set.insert(name, value);
            }
            None if passed.contains(&entry) => {}
            None => passed.push(entry),
        }
    }
    set.into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .chain(passed.into_iter().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn variables_are_sorted_before_names_that_are_passed_on() {
        let found = variables(
            &strings(&["Z=1", "P", "A=x=y", "STRUCTURED_RESULTS=no"]),
            &strings(&["Z=2", "Q", "P", "LOG_TO_STDERR=no"]),
        );
        assert_eq!(found, ["A=x=y", "LOG_TO_STDERR=no", "STRUCTURED_RESULTS=true", "Z=2", "P", "Q"]);
    }
}
