//! `cargo run -p kustomize --example build -- DIR` prints what a build of DIR gives: to try the engine alone.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example is a program")]
#![expect(clippy::disallowed_methods, reason = "the engine is pure, who tries it is not")]

use std::path::Path;
use std::process::ExitCode;

use testkit::disk::Disk;

fn main() -> ExitCode {
    let Some(directory) = std::env::args().nth(1) else {
        eprintln!("usage: build DIR");
        return ExitCode::from(2);
    };
    let options = kustomize::Options::default();
    let built = kustomize::build(&Disk, &kustomize::Nowhere, Path::new(&directory), &options);
    match built.and_then(|built| Ok((built.to_yaml()?, built.warnings))) {
        Ok((yaml, warnings)) => {
            for warning in warnings {
                eprintln!("warning: {warning}");
            }
            print!("{yaml}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprint!("error: {}", error.report());
            ExitCode::FAILURE
        }
    }
}
