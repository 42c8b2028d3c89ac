//! Another repository, read with what is known of this one. Owns the rule that credentials stay with their server.

use super::{Access, GitError, Remote};

impl Remote {
    /// A repository by its URL, if it is on the same server: it is read with the same credentials, authority and certificate, but
    /// for what the URL itself says of user and password.
    ///
    /// # Errors
    /// It is not the URL of a repository.
    pub fn neighbour(&self, url: &str) -> Result<Option<Self>, GitError> {
        let other = Self::new(url, Access::Anonymous)?;
        if !self.address.is_same_server(&other.address) {
            return Ok(None);
        }
        let access = if matches!(other.access, Access::Anonymous) { self.access.clone() } else { other.access };
        let (ca, identity, proxy) = (self.ca.clone(), self.identity.clone(), self.proxy.clone());
        Ok(Some(Self { address: other.address, access, ca, identity, proxy }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use krm::Masked;

    #[test]
    fn credentials_stay_with_their_server() {
        let here = |url: &str| {
            let access = Access::Basic { user: "ann".to_owned(), password: Masked::new("hunter2".to_owned()) };
            let remote = Remote::new("https://git.example.com/home.git", access).unwrap().with_ca(b"pem".to_vec());
            let other = remote.neighbour(url).unwrap()?;
            let user = match other.access {
                Access::Basic { user, .. } => user,
                _ => String::new(),
            };
            Some((user, other.ca.is_some()))
        };
        for (url, user) in [
            ("https://git.example.com/lib.git", Some("ann")),
            ("https://GIT.example.com:443/lib.git", Some("ann")),
            ("https://bob:x@git.example.com/lib.git", Some("bob")),
            ("https://git.example.com:8443/lib.git", None),
            ("http://git.example.com/lib.git", None),
            ("https://git.example.com.evil.example/lib.git", None),
            ("https://ann@other.example/lib.git", None),
            ("ssh://git@git.example.com/lib.git", None),
        ] {
            assert_eq!(here(url), user.map(|user| (user.to_owned(), true)), "{url}");
        }
    }
}
