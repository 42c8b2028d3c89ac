//! What a function may ask of its surroundings: files, variables of the environment, the output of a command. Owns the
//! questions, as a trait; must not know how they are answered. Every method refuses by default, so whoever runs a function
//! allows what it means to allow and nothing else.

use std::fmt;

use krm::Masked;

/// Answers a function's questions. Every answer may be a secret.
pub trait Inputs {
    /// Content of a file of the tree the function works for. `path` is relative to the directory of the function's
    /// configuration (for the executable: its working directory) and must not lead out of the tree, through links neither.
    ///
    /// # Errors
    /// It cannot be read, leads out of the tree, or this caller reads no files.
    fn tree_file(&self, path: &str) -> Result<Masked<Vec<u8>>, InputError> {
        let _ = path;
        Err(InputError::refused("read files"))
    }

    /// Content of a file that the operator named, in the environment or by a flag, never one that a configuration from Git
    /// names: keys, seeds.
    ///
    /// # Errors
    /// It cannot be read, or this caller reads no files.
    fn operator_file(&self, path: &str) -> Result<Masked<Vec<u8>>, InputError> {
        let _ = path;
        Err(InputError::refused("read files of this machine"))
    }

    /// Names in a directory that the operator named, in any order: a Secret of keys that is mounted.
    ///
    /// # Errors
    /// It is no directory, cannot be read, or this caller reads no files.
    fn operator_directory(&self, path: &str) -> Result<Vec<String>, InputError> {
        let _ = path;
        Err(InputError::refused("read files of this machine"))
    }

    /// A variable of the environment that a configuration of the tree names; `None` where it is not set, or not meant for the
    /// tree. The operator's environment holds keys and tokens, so a caller that has not started for this one function passes
    /// on only what it was told to.
    fn passed_variable(&self, name: &str) -> Option<Masked<String>> {
        let _ = name;
        None
    }

    /// A variable of the environment under a name that is the function's own (keys, seeds), never the tree's choice; `None`
    /// where it is not set or this caller has no environment.
    fn variable(&self, name: &str) -> Option<Masked<String>> {
        let _ = name;
        None
    }

    /// Standard output of a command that the operator named, run by a shell's rules for words but without a shell.
    ///
    /// # Errors
    /// It cannot be run, fails, or this caller runs none.
    fn operator_command(&self, command: &str) -> Result<Masked<Vec<u8>>, InputError> {
        let _ = command;
        Err(InputError::refused("run commands"))
    }
}

/// Answers nothing: a function whose input must all be in its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NoInputs;

impl Inputs for NoInputs {}

/// Why an input cannot be had. Says nothing of its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputError {
    why: String,
}

impl InputError {
    /// This caller does not do `deed`, as `read files`.
    pub fn refused(deed: &str) -> Self {
        Self { why: format!("functions may not {deed} here") }
    }

    /// It was tried; `why` says what came of it, without the input's name.
    pub fn failed(why: impl Into<String>) -> Self {
        Self { why: why.into() }
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for InputError {}

/// The words of a command as a shell splits them, without its expansions; `None` for a quote that is not closed.
pub fn words(command: &str) -> Option<Vec<String>> {
    let (mut words, mut word) = (Vec::new(), None::<String>);
    let mut quote = None;
    let mut signs = command.chars();
    while let Some(sign) = signs.next() {
        match (sign, quote) {
            ('\\', None) => word.get_or_insert_default().extend(signs.next()),
            ('\\', Some('"')) => match signs.next()? {
                escaped @ ('"' | '\\' | '$' | '`') => word.get_or_insert_default().push(escaped),
                other => word.get_or_insert_default().extend(['\\', other]),
            },
            ('\'' | '"', None) => {
                quote = Some(sign);
                word.get_or_insert_default();
            }
            (sign, Some(open)) if sign == open => quote = None,
            (sign, None) if sign.is_whitespace() => words.extend(word.take()),
            (sign, _) => word.get_or_insert_default().push(sign),
        }
    }
    words.extend(word);
    if quote.is_some() { None } else { Some(words) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_split_as_a_shell_does() {
        for (command, expected) in [
            ("a  b", Some(vec!["a", "b"])),
            ("'a b' \"c 'd'\" e\\ f", Some(vec!["a b", "c 'd'", "e f"])),
            ("a'b'\"c\" '' x", Some(vec!["abc", "", "x"])),
            ("\"a\\\"b\\n\"", Some(vec!["a\"b\\n"])),
            ("", Some(vec![])),
            ("'open", None),
            ("\"open\\", None),
        ] {
            let expected = expected.map(|words| words.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(words(command), expected, "{command}");
        }
    }
}
