//! Plugins of the old kind: a program that lies in the plugin home under the configuration's `apiVersion` and `kind`. It gets the
//! configuration as a file and the resources bare. Owns its path, arguments and environment.

use std::path::PathBuf;

use krm::{Gvk, Node};

use super::exchange::config_text;
use super::{ArgumentsProblem, FunctionError, ReplyProblem, run};
use crate::draft::Draft;
use crate::load::{Kind, clean};
use crate::outside::{Process, Program, ScratchFile, Word};
use crate::plugin::Context;

/// A variable that is longer is left out.
const VARIABLE_MAX: usize = 131_071;
const CONFIG_FILE: &str = "config";

/// The plugin of an object.
#[derive(Debug)]
pub(super) struct Installed {
    path: PathBuf,
    args: Vec<String>,
}

impl Installed {
    /// The plugin that is installed for `config`.
    pub(super) fn of(config: &Draft, context: &Context<'_>) -> Result<Self, FunctionError> {
        let Gvk { group, version, kind } = config.gvk();
        let relative: PathBuf = [group.as_str(), &version, &kind.to_lowercase(), &kind].into_iter().collect();
        let path = context.options.functions.plugin_home.as_ref().map(|home| clean(&home.join(&relative)));
        match path.filter(|path| context.loader.kind_of(path) == Kind::File) {
            Some(path) => Ok(Self { path, args: arguments(config, context)? }),
            None => Err(FunctionError::NoPlugin { path: relative.display().to_string() }),
        }
    }

    /// What the plugin says to `input`.
    pub(super) fn answer(
        &self,
        config: &Draft,
        input: Option<&str>,
        context: &Context<'_>,
    ) -> Result<String, FunctionError> {
        let text = config_text(config)?;
        let program = Program::Named(self.path.display().to_string());
        let mut process = Process::new(program, Some(context.loader.root().to_owned()));
        process.args.push(Word::Scratch(CONFIG_FILE.to_owned()));
        process.args.extend(self.args.iter().map(|arg| Word::from(arg.as_str())));
        let root = context.loader.root().display().to_string();
        for (name, value) in [("KUSTOMIZE_PLUGIN_CONFIG_STRING", &text), ("KUSTOMIZE_PLUGIN_CONFIG_ROOT", &root)] {
            if name.len() + 1 + value.len() <= VARIABLE_MAX {
                process.env.push((name.to_owned(), Word::from(value.as_str())));
            } else {
                context.loader.warn(format!("`{name}` is too long for a variable, `{}` goes without", config.id()));
            }
        }
        process.scratch.push(ScratchFile { name: CONFIG_FILE.to_owned(), content: text.into_bytes() });
        process.stdin = input.unwrap_or_default().as_bytes().to_vec();
        let finished = run(config, &process, context)?;
        String::from_utf8(finished.stdout).map_err(|_| ReplyProblem::NotText.into())
    }
}

/// The arguments that the configuration's own fields ask for.
fn arguments(config: &Draft, context: &Context<'_>) -> Result<Vec<String>, ArgumentsProblem> {
    let field = |field: &'static str| match config.node.get(field) {
        None => Ok(""),
        Some(node) if node.is_null() => Ok(""),
        Some(node @ Node::Scalar(_)) => Ok(node.as_str().unwrap_or_default()),
        Some(other) => Err(ArgumentsProblem::NotAString { field, found: other.kind_name() }),
    };
    let (line, file) = (field("argsOneLiner")?, field("argsFromFile")?);
    let mut words = split(line).ok_or(ArgumentsProblem::OpenQuote)?;
    if !file.is_empty() {
        let text = context.loader.read_text(file)?;
        let lines = text.split('\n').map(|line| line.trim_start_matches(' ')).filter(|line| !line.is_empty());
        words.extend(lines.map(str::to_owned));
    }
    Ok(words)
}

/// Words as a shell splits them, without its expansions; `None` for a quote that is not closed. `#` ends the line anywhere.
fn split(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word) = (Vec::new(), String::new());
    let mut quote = None;
    let mut signs = line.chars();
    while let Some(sign) = signs.next() {
        match (sign, quote) {
            ('\\', quote) if quote != Some('\'') => word.extend(signs.next()),
            ('\'' | '"', None) => quote = Some(sign),
            (sign, Some(open)) if sign == open => quote = None,
            ('#', None) => break,
            (sign, None) if sign.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            (sign, _) => word.push(sign),
        }
    }
    if quote.is_some() {
        return None;
    }
    if !word.is_empty() {
        words.push(word);
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_does() {
        for (line, expected) in [
            ("a  b", Some(vec!["a", "b"])),
            ("'a b' \"c 'd'\" e\\ f", Some(vec!["a b", "c 'd'", "e f"])),
            ("a'b'c# d", Some(vec!["abc"])),
            ("'' a", Some(vec!["a"])),
            ("'\\' b", Some(vec!["\\", "b"])),
            ("'open", None),
            ("", Some(vec![])),
        ] {
            let expected = expected.map(|words| words.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(split(line), expected, "{line}");
        }
    }
}
