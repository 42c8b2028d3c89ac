//! Files of `NAME=value` lines. Owns their syntax; must not know what the values are for. No message shows a line.

/// A line that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub(super) struct EnvFileError {
    /// From 1.
    pub(super) line: usize,
    pub(super) problem: &'static str,
}

/// The variables of a file. Empty lines and those that begin with `#` do not count, `export ` in front of a name neither; a value
/// within quotes is what stands between them, any other is taken as it is, without blanks around it.
pub(super) fn parse(text: &str) -> Result<Vec<(&str, &str)>, Vec<EnvFileError>> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let (mut pairs, mut errors) = (Vec::new(), Vec::new());
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match pair(line) {
            Ok(pair) => pairs.push(pair),
            Err(problem) => errors.push(EnvFileError { line: index + 1, problem }),
        }
    }
    if errors.is_empty() { Ok(pairs) } else { Err(errors) }
}

fn pair(line: &str) -> Result<(&str, &str), &'static str> {
    let line = line.strip_prefix("export ").map_or(line, str::trim_start);
    let (name, value) = line.split_once('=').ok_or("is not of the form NAME=value")?;
    let (name, value) = (name.trim_end(), value.trim_start());
    if !super::variables::is_valid(name) {
        return Err("the name before `=` is none of a variable");
    }
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote) {
            let inner = inner.strip_suffix(quote).ok_or("a quote is not closed at the end of the line")?;
            return Ok((name, inner));
        }
    }
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_variables() {
        let text = "\u{FEFF}# comment\n\nA=1\r\nexport  B = \"x = y\" \nC='#'\nD=\nE=a # b\n";
        let expected = [("A", "1"), ("B", "x = y"), ("C", "#"), ("D", ""), ("E", "a # b")];
        assert_eq!(parse(text).unwrap(), expected);
    }

    #[test]
    fn what_is_no_line_is_named_by_number_only() {
        let told: Vec<String> =
            parse("hunter2\n1A=hunter2\nB=\"hunter2\n").unwrap_err().iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "line 1: is not of the form NAME=value",
                "line 2: the name before `=` is none of a variable",
                "line 3: a quote is not closed at the end of the line"
            ]
        );
    }
}
