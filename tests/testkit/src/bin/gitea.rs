//! Runs a throwaway Gitea for scripts until its standard input ends: one user, one empty private repository.
//!
//! `gitea ADDRESS USER PASSWORD REPOSITORY` prints the repository's URL without credentials, then the one for the user.

use std::error::Error;
use std::io::Read as _;
use std::net::IpAddr;

use testkit::git::{Gitea, GiteaUser};

const USAGE: &str = "gitea ADDRESS USER PASSWORD REPOSITORY";

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [address, name, password, repository] = words.as_slice() else { return Err(USAGE.into()) };
    if let Some(reason) = Gitea::missing() {
        return Err(reason.into());
    }
    let gitea = Gitea::start(address.parse::<IpAddr>()?);
    let user = GiteaUser { name, password };
    gitea.add_user(user);
    gitea.add_repository(user, repository);
    let path = format!("{name}/{repository}");
    #[expect(clippy::print_stdout, reason = "what the script waits for")]
    {
        println!("{}\n{}", gitea.url(&path), gitea.url_for(user, &path));
    }
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
