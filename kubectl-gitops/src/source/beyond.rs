//! What a build asks for from beyond its tree, done for real: files over http and https, and processes. Owns the
//! limits that apply there; must not know what an answer means. Git repositories are refused with what to do instead, in the
//! one place where they will be fetched.

use kustomize::outside::{Finished, Process, ProcessError};
use kustomize::{Checkout, Outside, OutsideError, RepositoryRequest};

use super::download::{self, DownloadError};
use super::process::{self, Limits};

/// This machine's network and programs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beyond;

impl Outside for Beyond {
    fn fetch_file(&self, url: &str) -> Result<Vec<u8>, OutsideError> {
        download::fetch(url).map_err(|error| match error {
            DownloadError::Status(status) => OutsideError::Status {
                status: status.as_u16(),
                reason: status.canonical_reason().unwrap_or_default().to_owned(),
            },
            other => OutsideError::failed(&other),
        })
    }

    fn fetch_repository(&self, request: &RepositoryRequest) -> Result<Checkout, OutsideError> {
        let reference = match request.reference.as_str() {
            "" => String::new(),
            reference => format!(" --branch {reference}"),
        };
        let url = kustomize::load::without_credentials(&request.clone_url);
        Err(OutsideError::refused("fetch Git repositories yet: that comes with a later version").with_hint(&format!(
            "clone it beside the kustomization (`git clone --depth 1{reference} {url}`) and name the directory, or name a \
             file of it by its raw https URL"
        )))
    }

    fn run(&self, process: &Process) -> Result<Finished, ProcessError> {
        process::run(process, Limits::default())
    }
}
