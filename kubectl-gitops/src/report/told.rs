//! `build --explain`: per object, what each stage did and why. Never shows a value of a Secret: what it is given holds none.

use std::collections::BTreeMap;
use std::fmt::Write as _;

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
    let mut text = String::from("Stages, in order:\n");
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

fn describe(found: &[(&str, &Finding)], text: &mut String) {
    for (stage, finding) in found {
        let grave = match finding.severity {
            Severity::Error => "error: ",
            Severity::Warning => "warning: ",
            Severity::Info => "",
        };
        let field = if finding.field.is_empty() { String::new() } else { format!("{}: ", finding.field) };
        let _infallible = writeln!(text, "  {stage:<17}{field}{grave}{}", finding.message);
    }
}
