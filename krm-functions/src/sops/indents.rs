//! How far files are indented, as `stores` of `.sops.yaml` says it. Owns its defaults and bounds; must not know files.

use krm::Node;

use super::rules::{RulesProblem, wrong};

/// Widest indentation of JSON.
const JSON_MAX: u8 = 20;

/// How far a file of each format is indented. The default is SOPS' own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Indents {
    /// Columns in YAML.
    pub(super) yaml: u8,
    /// Blanks in JSON; `None`: a tab.
    pub(super) json: Option<u8>,
    /// Blanks in the JSON that an encrypted binary file is; `None`: a tab.
    pub(super) binary: Option<u8>,
}

impl Default for Indents {
    fn default() -> Self {
        Self { yaml: 4, json: None, binary: None }
    }
}

impl Indents {
    /// From `stores`.
    pub(super) fn read(stores: &Node) -> Result<Self, RulesProblem> {
        let mut indents = Self::default();
        let map = stores.as_map().ok_or_else(|| wrong(stores, "stores", "a map"))?;
        for entry in &map.entries {
            let format = entry.key.text.as_str();
            let unknown = |field: String, line| Err(RulesProblem::UnknownField { line, field, of: "`stores`" });
            if !["yaml", "json", "json_binary", "dotenv", "ini"].contains(&format) {
                return unknown(format.to_owned(), entry.key.mark.line);
            }
            if entry.value.is_null() {
                continue;
            }
            let fields = entry.value.as_map().ok_or_else(|| wrong(&entry.value, format, "a map"))?;
            for field in &fields.entries {
                let path = format!("{format}.{}", field.key.text);
                if field.key.text != "indent" || ["dotenv", "ini"].contains(&format) {
                    return unknown(path, field.key.mark.line);
                }
                if !field.value.is_null() {
                    indents.set(format, &field.value, &path)?;
                }
            }
        }
        Ok(indents)
    }

    fn set(&mut self, format: &str, value: &Node, path: &str) -> Result<(), RulesProblem> {
        let number = super::rules::int(value);
        if format == "yaml" {
            let number = number.filter(|&number| number >= 0);
            let number = number.ok_or_else(|| wrong(value, path, "a whole number, 0 or more"))?;
            // What go-yaml makes of it.
            self.yaml = match number {
                0 => 4,
                2..=9 => u8::try_from(number).expect("a digit"),
                _ => 2,
            };
            return Ok(());
        }
        let number = number.filter(|&number| (-1..=i64::from(JSON_MAX)).contains(&number));
        let number = number.ok_or_else(|| wrong(value, path, "a whole number from -1 (a tab) to 20"))?;
        let blanks = u8::try_from(number).ok();
        if format == "json" {
            self.json = blanks;
        } else {
            self.binary = blanks;
        }
        Ok(())
    }
}
