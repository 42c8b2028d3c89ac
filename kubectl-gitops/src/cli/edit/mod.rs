//! `edit`: changes the kustomization in the current directory, with kustomize's sub-commands and flags.

mod add;
mod fix;
mod remove;
mod set;

use kustomize::edit::EditError;

use crate::error::{CliError, Code, Result};
use crate::pipeline::amend;
use crate::report::Console;

/// Change the kustomization in the current directory; comments, order and quotes of the file stay
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  # What every CI pipeline does
  kubectl gitops edit set image web=registry.example.com/web:v1.2.3

  # A new manifest
  kubectl gitops edit add resource deployment.yaml

  # Deprecated fields into today's form
  kubectl gitops edit fix")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

// Their thirty commands are made when one is asked for: other runs need none. Their descriptions stand here, where the page of
// `edit` finds them. Commands with flags of their own cannot be deferred: global flags would come first on their pages.
#[derive(Debug, clap::Subcommand)]
#[command(defer = true)]
enum Command {
    /// Add something to the kustomization
    Add(add::Args),
    /// Set a value in the kustomization
    Set(set::Args),
    /// Remove something from the kustomization
    Remove(remove::Args),
    /// Bring deprecated fields into today's form; says if the build changes
    Fix(fix::Args),
}

/// Flags that name a generator's object.
#[derive(Debug, clap::Args)]
struct NamespaceArg {
    /// Namespace of the generated object; none and `default` are the same
    #[arg(long, value_name = "NAME", help_heading = "Options")]
    namespace: Option<String>,
}

/// Options of `buildMetadata`.
#[derive(Debug, clap::Args)]
struct MetadataArgs {
    /// `originAnnotations`, `transformerAnnotations`, `managedByLabel`
    #[arg(value_name = "OPTION,OPTION")]
    options: String,
}

pub(super) fn run(args: Args, console: &Console) -> Result<u8> {
    let wish = match args.command {
        Command::Add(args) => args.into_wish()?,
        Command::Set(args) => args.into_wish()?,
        Command::Remove(args) => args.into_wish()?,
        Command::Fix(args) => args.into_wish(),
    };
    amend::amend(&wish, console)
}

/// The options of `buildMetadata`.
const BUILD_METADATA: [&str; 3] = ["originAnnotations", "transformerAnnotations", "managedByLabel"];

/// `option,option`
fn build_metadata(text: &str) -> Result<Vec<String>> {
    let options: Vec<String> = text.split(',').map(str::to_owned).collect();
    match options.iter().find(|option| !BUILD_METADATA.contains(&option.as_str())) {
        Some(option) => Err(CliError::new(Code::Usage, format!("`{option}` is not an option of `buildMetadata`"))
            .hint(format!("there are {}", BUILD_METADATA.join(", ")))),
        None => Ok(options),
    }
}

fn usage(error: EditError) -> CliError {
    CliError::new(Code::Usage, error)
}

/// An annotation's name: a domain and a slash may stand before it.
fn is_annotation_name(text: &str) -> bool {
    let (prefix, name) = text.split_once('/').map_or((None, text), |(prefix, name)| (Some(prefix), name));
    let edges = |text: &str| {
        let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        ends(text.chars().next()) && ends(text.chars().next_back())
    };
    let all = |text: &str, more: &[char]| text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(&c));
    let prefix_fits = prefix.is_none_or(|prefix| {
        let letter = prefix.starts_with(|c: char| c.is_ascii_alphabetic());
        letter && edges(prefix) && all(prefix, &['-', '.']) && prefix.len() <= 253
    });
    prefix_fits && edges(name) && all(name, &['-', '_', '.']) && name.len() <= 63
}

#[cfg(test)]
mod tests {
    use super::is_annotation_name;

    #[test]
    fn annotations_have_names() {
        for (name, expected) in [
            ("a", true),
            ("a.b/c_d", true),
            ("example.com/a", true),
            ("1a", true),
            ("1a.com/x", false),
            ("-a", false),
            ("a/b/c", false),
            ("a b", false),
            ("", false),
            ("/a", false),
            ("a/", false),
        ] {
            assert_eq!(is_annotation_name(name), expected, "{name}");
        }
    }
}
