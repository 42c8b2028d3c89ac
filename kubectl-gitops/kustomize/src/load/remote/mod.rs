//! What lives elsewhere: which texts name it, and what they ask for. Owns the URL forms of kustomize 5.8; must not fetch
//! anything (see `outside`).

mod duration;
mod file;
mod host;
mod query;
mod repository;
mod show;

pub(super) use file::file_url;
pub use file::{InvalidUrl, is_remote_file};
pub use repository::{NotARepository, RepositoryRequest, UnsafeRequest};
pub use show::without_credentials;

#[cfg(test)]
mod tests;
