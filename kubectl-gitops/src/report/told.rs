//! `build --explain`: which functions ran in the build, and per object, what each stage did and why. Never shows a value of a Secret: what it is given holds none.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use krm::ObjectKey;
use krm_functions::{Finding, Severity};

use super::{Color, Paint, counted};
use crate::stages::Told;

/// The explanation as text.
pub fn explanation(told: &Told, paint: Paint) -> String {
    let mut by_object: BTreeMap<&ObjectKey, Vec<(&str, &Finding)>> = BTreeMap::new();
    for stage in &told.stages {
        for finding in &stage.findings {
            by_object.entry(&finding.object).or_default().push((stage.name, finding));
        }
    }
    let mut text = String::new();
    functions(told, paint, &mut text);
    text.push_str("Stages, in order:\n");
    for stage in &told.stages {
        let _infallible = writeln!(text, "  {:<17}{}", stage.name, stage.by);
    }
    let mut touched = 0;
    for (key, origin) in &told.objects {
        let Some(found) = by_object.remove(key) else { continue };
        touched += 1;
        let _infallible = writeln!(text, "\n{}  ({origin})", paint.paint(Color::Bold, key));
        describe(&found, &mut text);
    }
    // Of what is not in the output: a configuration, or what a stage took out.
    for (key, found) in by_object {
        let name = if key.kind.is_empty() { "(no object)".to_owned() } else { key.to_string() };
        let _infallible = writeln!(text, "\n{}  (not in the output)", paint.paint(Color::Bold, &name));
        describe(&found, &mut text);
    }
    let untouched = told.objects.len() - touched;
    let _infallible = writeln!(
        text,
        "\n{}, {touched} with something to tell, {untouched} that no stage touched.",
        counted(told.objects.len(), "object")
    );
    text
}

/// What kustomizations list ran before, on objects that may have been called otherwise then.
fn functions(told: &Told, paint: Paint, text: &mut String) {
    if told.functions.is_empty() {
        return;
    }
    text.push_str("Functions that kustomizations list, in order:\n");
    for run in &told.functions {
        let config = format!("{}/{}", run.config.kind, run.config.name);
        let by = run.program.as_ref().map_or_else(String::new, |program| format!(", run by {program}"));
        let place = place(run.directory.as_deref(), told.root.as_deref());
        let _infallible = writeln!(text, "  {}{place}{by}", paint.paint(Color::Bold, &config));
        for finding in &run.findings {
            let object = if finding.object.kind.is_empty() { String::new() } else { format!("{}: ", finding.object) };
            let field = if finding.field.is_empty() { String::new() } else { format!("{}: ", finding.field) };
            let _infallible = writeln!(text, "    {object}{field}{}{}", grave(finding), finding.message);
        }
    }
    text.push('\n');
}

/// ` in base`, seen from the directory that was built.
fn place(directory: Option<&Path>, root: Option<&Path>) -> String {
    let (Some(directory), Some(root)) = (directory, root) else { return String::new() };
    let up = root.ancestors().position(|above| directory.starts_with(above));
    let Some((up, above)) = up.and_then(|up| Some((up, root.ancestors().nth(up)?))) else { return String::new() };
    let below = directory.strip_prefix(above).unwrap_or(directory).display().to_string();
    let below = format!("{}{below}", "../".repeat(up));
    if below.is_empty() { String::new() } else { format!(" in {}", below.trim_end_matches('/')) }
}

const fn grave(finding: &Finding) -> &'static str {
    match finding.severity {
        Severity::Error => "error: ",
        Severity::Warning => "warning: ",
        Severity::Info => "",
    }
}

fn describe(found: &[(&str, &Finding)], text: &mut String) {
    for (stage, finding) in found {
        let grave = grave(finding);
        let field = if finding.field.is_empty() { String::new() } else { format!("{}: ", finding.field) };
        let _infallible = writeln!(text, "  {stage:<17}{field}{grave}{}", finding.message);
    }
}
