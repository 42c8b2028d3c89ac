//! The file that container registries' credentials stand in, as `docker login` and kubectl write it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use krm::Masked;
use serde_json::{Map, Value, json};

/// The key of the file in a Secret.
pub(super) const KEY: &str = ".dockerconfigjson";

/// Credentials for one registry. All of them are text: templates make nothing else.
#[derive(Debug)]
pub(super) struct Login<'a> {
    pub(super) registry: &'a str,
    pub(super) username: Masked<Vec<u8>>,
    pub(super) password: Masked<Vec<u8>>,
    pub(super) email: Option<&'a str>,
}

/// The file; each registry has one login.
pub(super) fn config(logins: &[Login<'_>]) -> Masked<Vec<u8>> {
    let mut auths = Map::new();
    for Login { registry, username, password, email } in logins {
        let username = String::from_utf8_lossy(username.expose());
        let password = String::from_utf8_lossy(password.expose());
        let mut login = Map::new();
        login.insert("username".to_owned(), json!(username));
        login.insert("password".to_owned(), json!(password));
        if let Some(email) = email {
            login.insert("email".to_owned(), json!(email));
        }
        login.insert("auth".to_owned(), json!(STANDARD.encode(format!("{username}:{password}"))));
        auths.insert((*registry).to_owned(), Value::Object(login));
    }
    Masked::new(json!({"auths": auths}).to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_that_kubectl_writes() {
        let masked = |text: &str| Masked::new(text.as_bytes().to_vec());
        let login = |registry, email| Login { registry, username: masked("u"), password: masked("p\""), email };
        let file = config(&[login("r.example", None), login("https://index.docker.io/v1/", Some("a@b"))]);
        assert_eq!(
            String::from_utf8_lossy(file.expose()),
            r#"{"auths":{"r.example":{"username":"u","password":"p\"","auth":"dTpwIg=="},"https://index.docker.io/v1/":{"username":"u","password":"p\"","email":"a@b","auth":"dTpwIg=="}}}"#
        );
    }
}
