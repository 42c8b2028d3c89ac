//! What Kubernetes demands of Secrets of its own types, and what their users demand beyond that. Owns the rules; must not
//! know where values come from. Types that it does not know are anybody's, and pass.

use std::collections::BTreeMap;

use krm::Masked;
use serde_json::Value;

use super::config::Spec;
use super::key_pair::{self, PairError};
use crate::Severity;

const ACCOUNT_ANNOTATION: &str = "kubernetes.io/service-account.name";

/// What is wrong with a typed Secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum TypeError {
    /// A key that the type demands.
    #[error("a Secret of type `{secret_type}` needs the key `{key}`")]
    MissingKey {
        /// The type.
        secret_type: &'static str,
        /// The key.
        key: &'static str,
    },
    /// Neither name nor password.
    #[error("a Secret of type `kubernetes.io/basic-auth` needs the key `username` or `password`")]
    NoBasicAuth,
    /// Nothing in it.
    #[error("`{key}` is empty")]
    Empty {
        /// The key.
        key: &'static str,
    },
    /// Not JSON, or no object.
    #[error("`{key}` is not a JSON object")]
    NotJson {
        /// The key.
        key: &'static str,
    },
    /// A login file without logins.
    #[error("`.dockerconfigjson` has no map `auths`: the kubelet finds no login in it")]
    NoAuths,
    /// Certificate and key.
    #[error(transparent)]
    Pair(#[from] PairError),
    /// No PEM where a private key is expected.
    #[error("`ssh-privatekey` does not look like a private key (is it the public one?)")]
    NotAPrivateKey,
    /// No account named.
    #[error("a Secret of type `kubernetes.io/service-account-token` needs the annotation `{ACCOUNT_ANNOTATION}`")]
    NoAccount,
    /// A bootstrap token's part.
    #[error("`{key}` of a bootstrap token must be {length} small letters and digits")]
    TokenPart {
        /// The key.
        key: &'static str,
        /// How many.
        length: usize,
    },
    /// A bootstrap token in the wrong place.
    #[error("a bootstrap token must be called `bootstrap-token-<token-id>` and be in the namespace `kube-system`")]
    TokenPlace,
}

impl TypeError {
    /// Is it an error, or only strange?
    pub(super) const fn severity(&self) -> Severity {
        match self {
            Self::NoAuths | Self::NotAPrivateKey | Self::Pair(PairError::Unknown) => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// The key that is to blame; empty where several are.
    pub(super) const fn key(&self) -> &'static str {
        match self {
            Self::MissingKey { key, .. }
            | Self::Empty { key }
            | Self::NotJson { key }
            | Self::TokenPart { key, .. } => key,
            Self::NoAuths => super::docker::KEY,
            Self::NotAPrivateKey => "ssh-privatekey",
            Self::Pair(_) | Self::NoBasicAuth | Self::NoAccount | Self::TokenPlace => "",
        }
    }
}

/// Does kustomize's hash behind the name make the Secret useless? Others look for these by name.
pub(super) fn has_fixed_name(secret_type: &str) -> bool {
    matches!(secret_type, "bootstrap.kubernetes.io/token" | "kubernetes.io/service-account-token")
}

/// Checks a Secret. Keys that only the cluster makes are there, and nothing is known of their values.
pub(super) fn check(
    spec: &Spec,
    values: &BTreeMap<String, Masked<Vec<u8>>>,
    late: &dyn Fn(&str) -> bool,
) -> Vec<TypeError> {
    let content = Content { values, late };
    match spec.secret_type.as_str() {
        "kubernetes.io/dockerconfigjson" => content.docker_config(),
        "kubernetes.io/dockercfg" => content.demand("kubernetes.io/dockercfg", &[".dockercfg"], Content::json),
        "kubernetes.io/basic-auth" => content.basic_auth(),
        "kubernetes.io/ssh-auth" => content.demand("kubernetes.io/ssh-auth", &["ssh-privatekey"], Content::ssh_key),
        "kubernetes.io/tls" => content.tls(),
        "kubernetes.io/service-account-token" => {
            let account = spec.options.annotations.get(ACCOUNT_ANNOTATION);
            if account.is_some_and(|name| !name.is_empty()) { Vec::new() } else { vec![TypeError::NoAccount] }
        }
        "bootstrap.kubernetes.io/token" => content.bootstrap_token(spec),
        _ => Vec::new(),
    }
}

struct Content<'a> {
    values: &'a BTreeMap<String, Masked<Vec<u8>>>,
    late: &'a dyn Fn(&str) -> bool,
}

impl<'a> Content<'a> {
    fn has(&self, key: &str) -> bool {
        self.values.contains_key(key) || (self.late)(key)
    }

    fn get(&self, key: &str) -> Option<&'a [u8]> {
        self.values.get(key).map(|value| value.expose().as_slice())
    }

    /// The keys must be there; then each value that is known is checked.
    fn demand(
        &self,
        secret_type: &'static str,
        keys: &[&'static str],
        check: fn(&'static str, &[u8]) -> Option<TypeError>,
    ) -> Vec<TypeError> {
        let found = keys.iter().filter_map(|key| match self.get(key) {
            Some(value) => check(key, value),
            None if self.has(key) => None,
            None => Some(TypeError::MissingKey { secret_type, key }),
        });
        found.collect()
    }

    fn json(key: &'static str, value: &[u8]) -> Option<TypeError> {
        let read = serde_json::from_slice::<Value>(value).ok();
        (!read.is_some_and(|value| value.is_object())).then_some(TypeError::NotJson { key })
    }

    fn ssh_key(key: &'static str, value: &[u8]) -> Option<TypeError> {
        if value.is_empty() {
            return Some(TypeError::Empty { key });
        }
        let text = String::from_utf8_lossy(value);
        let looks = text.contains("-----BEGIN ") && text.contains("PRIVATE KEY-----");
        (!looks).then_some(TypeError::NotAPrivateKey)
    }

    fn docker_config(&self) -> Vec<TypeError> {
        let mut found = self.demand("kubernetes.io/dockerconfigjson", &[super::docker::KEY], Self::json);
        let file = self.get(super::docker::KEY).and_then(|file| serde_json::from_slice::<Value>(file).ok());
        if file.is_some_and(|file| file.is_object() && !file.get("auths").is_some_and(Value::is_object)) {
            found.push(TypeError::NoAuths);
        }
        found
    }

    fn basic_auth(&self) -> Vec<TypeError> {
        if self.has("username") || self.has("password") { Vec::new() } else { vec![TypeError::NoBasicAuth] }
    }

    fn tls(&self) -> Vec<TypeError> {
        let found = self.demand("kubernetes.io/tls", &["tls.crt", "tls.key"], |_, _| None);
        match (self.get("tls.crt"), self.get("tls.key")) {
            (Some(certificate), Some(key)) => {
                key_pair::check(certificate, key).err().map(TypeError::Pair).into_iter().collect()
            }
            _ => found,
        }
    }

    fn bootstrap_token(&self, spec: &Spec) -> Vec<TypeError> {
        const TYPE: &str = "bootstrap.kubernetes.io/token";
        let mut found = self.demand(TYPE, &["token-id"], |key, value| token_part(key, value, 6));
        found.extend(self.demand(TYPE, &["token-secret"], |key, value| token_part(key, value, 16)));
        let name = self.get("token-id").map(|id| format!("bootstrap-token-{}", String::from_utf8_lossy(id)));
        if name.is_some_and(|name| name != spec.name || spec.namespace != "kube-system") {
            found.push(TypeError::TokenPlace);
        }
        found
    }
}

fn token_part(key: &'static str, value: &[u8], length: usize) -> Option<TypeError> {
    let fits = |c: &u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    (value.len() != length || !value.iter().all(fits)).then_some(TypeError::TokenPart { key, length })
}
