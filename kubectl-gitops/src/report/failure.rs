//! The one form of an error: code, text, place, causes, notes, hint, exit code.

use std::error::Error as StdError;
use std::fmt::Write as _;

use super::paint::{Color, Paint, tame};
use crate::error::{CliError, Kind};

/// Most causes that are printed; a longer chain is a loop or noise.
const CAUSES_MAX: usize = 8;

/// The error as people read it.
pub(super) fn render(error: &CliError, paint: Paint) -> String {
    let CliError { kind, code, error: cause, place, notes, hints } = error;
    let mut text = String::new();
    let mut line = |content: String| {
        text.push_str(&content);
        text.push('\n');
    };
    let head = paint.paint(Color::Red, format!("error[{code}]:"));
    let message = cause.to_string();
    let mut lines = message.lines();
    line(format!("{head} {}", tame(lines.next().unwrap_or_default())));
    for more in lines {
        line(format!("  {}", tame(more)));
    }
    if let Some(place) = place {
        line(format!("  {} {place}", paint.paint(Color::Cyan, "-->")));
    }
    for source in causes(cause.as_ref()) {
        line(format!("  caused by: {}", tame(&source)));
    }
    for part in notes.iter().flat_map(|note| note.lines()) {
        line(format!("  {}", tame(part)));
    }
    for hint in hints {
        line(format!("{} {hint}", paint.paint(Color::Cyan, "hint:")));
    }
    let mut last = String::new();
    if matches!(kind, Kind::User | Kind::Refused) {
        last.push_str("Nothing was written to the cluster. ");
    }
    let _infallible = write!(last, "[exit {}]", kind.exit_code());
    line(paint.paint(Color::Dim, last));
    text
}

/// The error in one line, for places that hold no more: what, where, the causes, the code.
pub fn one_line(error: &CliError) -> String {
    let mut text = error.error.to_string();
    if let Some(place) = &error.place {
        let _infallible = write!(text, " ({place})");
    }
    for source in causes(error.error.as_ref()) {
        let _infallible = write!(text, ": {source}");
    }
    if error.notes.len() == 1 {
        let _infallible = write!(text, ": {}", error.notes[0]);
    }
    let _infallible = write!(text, " [{}]", error.code);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The chain below `error`, without texts that only repeat the one above.
fn causes(error: &(dyn StdError + 'static)) -> Vec<String> {
    let mut chain = Vec::new();
    let mut above = error.to_string();
    let mut next = error.source();
    while let Some(source) = next.filter(|_| chain.len() < CAUSES_MAX) {
        let text = source.to_string();
        if !above.contains(&text) {
            chain.push(text.clone());
            above = text;
        }
        next = source.source();
    }
    chain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Code, Place};

    #[test]
    fn an_error_says_what_where_and_what_now() {
        let place = Place { file: "overlays/prod/kustomization.yaml".into(), line: 7, column: 5 };
        let error = CliError::new(Code::FileMissing, "`deploymnt.yaml` does not exist")
            .at(place)
            .note("built from overlays/prod")
            .note("in `overlays/prod` there is:\n    deployment.yaml\n    \u{1b}[2J.yaml")
            .hint("did you mean `deployment.yaml`?");
        insta::assert_snapshot!(render(&error, Paint::PLAIN), @r"
        error[G0204]: `deploymnt.yaml` does not exist
          --> overlays/prod/kustomization.yaml:7:5
          built from overlays/prod
          in `overlays/prod` there is:
              deployment.yaml
              �[2J.yaml
        hint: did you mean `deployment.yaml`?
        Nothing was written to the cluster. [exit 2]
        ");
    }

    #[test]
    fn causes_are_listed_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("the list of Deployments cannot be read")]
        struct Outer(#[source] std::io::Error);
        let inner = std::io::Error::other("connection refused\x1b[2J");
        let error = CliError::new(Code::Unreachable, Outer(inner));
        insta::assert_snapshot!(render(&error, Paint::PLAIN), @r"
        error[G0601]: the list of Deployments cannot be read
          caused by: connection refused�[2J
        [exit 6]
        ");
    }
}
