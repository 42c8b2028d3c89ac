//! The variables of a tree, as a table or as JSON. Owns the columns and the words; must not judge.

use serde_json::{Value, json};

use crate::stages::{Survey, VariableState, VariableUse};

const fn word(state: VariableState) -> &'static str {
    match state {
        VariableState::Set => "set",
        VariableState::Default => "default",
        VariableState::Unset => "unset",
        VariableState::Left => "left",
    }
}

/// `file:12`
fn place(used: &VariableUse) -> String {
    match (used.file.is_empty(), used.line) {
        (true, _) => "-".to_owned(),
        (false, 0) => used.file.clone(),
        (false, line) => format!("{}:{line}", used.file),
    }
}

/// One line per use, then what nothing uses, then what is wrong.
pub fn variables_table(survey: &Survey) -> String {
    let mut rows = vec![["VARIABLE", "STATE", "OBJECT", "FIELD", "PLACE", "DEFAULT"].map(str::to_owned)];
    for (name, places) in &survey.used {
        for used in places {
            let default = used.default.as_deref().map_or("-".to_owned(), |text| format!("{text:?}"));
            let field = if used.field.is_empty() { "-".to_owned() } else { used.field.clone() };
            rows.push([name.clone(), word(used.state).to_owned(), used.object.clone(), field, place(used), default]);
        }
    }
    for (name, from) in survey.unused() {
        let dash = || "-".to_owned();
        rows.push([name.to_owned(), "unused".to_owned(), dash(), dash(), from.to_owned(), dash()]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..6).map(width).collect();
    let mut out = String::new();
    for row in &rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    out
}

/// The same for programs.
pub fn variables_json(survey: &Survey) -> String {
    let uses = |used: &VariableUse| {
        json!({
            "state": word(used.state), "object": used.object, "field": used.field, "file": used.file, "line": used.line,
            "default": used.default,
        })
    };
    let variables: Vec<Value> = survey
        .used
        .iter()
        .map(|(name, places)| {
            json!({ "name": name, "from": survey.set.get(name), "uses": places.iter().map(uses).collect::<Vec<_>>() })
        })
        .collect();
    let unused: Vec<Value> = survey.unused().map(|(name, from)| json!({ "name": name, "from": from })).collect();
    let document = json!({ "variables": variables, "unused": unused, "problems": survey.problems });
    format!("{document:#}\n")
}
