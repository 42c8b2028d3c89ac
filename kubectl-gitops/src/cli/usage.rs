//! Turns clap's ends (help, version, usage errors) into ours: one line, the nearest flag, our exit code.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::error::{CliError, Code, exit};
use crate::report::Console;

pub(super) fn end(error: &clap::Error, console: &Console) -> u8 {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            match console.result(error.render().to_string().as_bytes()) {
                Ok(()) => exit::DONE,
                Err(error) => console.fail(&error),
            }
        }
        // `kubectl gitops` alone: help, but scripts must see that nothing was done.
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            console.tell(&error.render().to_string());
            exit::USAGE
        }
        _ => console.fail(&convert(error)),
    }
}

fn convert(error: &clap::Error) -> CliError {
    let rendered = error.render().to_string();
    let first: Vec<&str> = rendered.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
    let text = first.join(" ");
    let text = text.strip_prefix("error: ").unwrap_or(&text).replace('\'', "`");
    let converted = CliError::new(Code::Usage, text);
    match suggestion(error) {
        Some(hint) => converted.hint(hint),
        None => converted.hint("`--help` lists what there is"),
    }
}

fn suggestion(error: &clap::Error) -> Option<String> {
    [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue].into_iter().find_map(
        |kind| {
            let nearest = match error.get(kind)? {
                ContextValue::String(text) => text.clone(),
                ContextValue::Strings(texts) => texts.first()?.clone(),
                ContextValue::StyledStr(text) => text.to_string(),
                _ => return None,
            };
            Some(format!("did you mean `{nearest}`?"))
        },
    )
}
