//! `explain`: what an error code means.

use crate::error::{CODES, CliError, Code, Result, exit};
use crate::report::Console;

/// Explain an error code
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  kubectl gitops explain G0204\n  kubectl gitops explain        # lists all codes")]
pub(super) struct Args {
    /// Code as it was printed
    code: Option<String>,
}

pub(super) fn run(args: &Args, console: &Console) -> Result<u8> {
    let text = match &args.code {
        Some(code) => {
            let code: Code = code.parse().map_err(|error| {
                CliError::new(Code::Usage, Box::new(error) as Box<dyn std::error::Error + Send + Sync>)
                    .hint("`kubectl gitops explain` lists all codes")
            })?;
            format!(
                "{code}: {} (exit code {})\n\n{}\n",
                code.title(),
                code.kind().exit_code(),
                console.wrap(code.explanation())
            )
        }
        None => CODES
            .iter()
            .map(|code| format!("{code}  exit {:<3}  {}\n", code.kind().exit_code(), code.title()))
            .collect::<Vec<_>>()
            .concat(),
    };
    console.result(text.as_bytes())?;
    Ok(exit::DONE)
}
