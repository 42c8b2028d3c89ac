//! The functionConfig of `ContentHash`: `spec.autoReloadAll`.

use krm::Node;
use serde::Deserialize;

use super::ContentHash;
use crate::config;
use crate::registry::ConfigError;

/// `spec` as people write it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct Spec {
    /// Treat every workload as if it carried Reloader's auto annotation.
    auto_reload_all: bool,
}

impl ContentHash {
    /// From a functionConfig of kind `ContentHash`; without one, the defaults.
    ///
    /// # Errors
    /// It has fields that are unknown or of another type.
    pub fn from_config(config: Option<&Node>) -> Result<Self, ConfigError> {
        let Spec { auto_reload_all } = config::read("ContentHash", config)?;
        Ok(Self { auto_all: auto_reload_all })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(spec: Node) -> Node {
        let head = [("apiVersion", Node::string("kubectl-gitops.dev/v1alpha1")), ("kind", Node::string("ContentHash"))];
        Node::Map(head.into_iter().chain([("spec", spec)]).collect())
    }

    #[test]
    fn the_only_option_is_read() {
        let spec = Node::Map([("autoReloadAll", Node::bool(true))].into_iter().collect());
        assert_eq!(ContentHash::from_config(Some(&config(spec))), Ok(ContentHash { auto_all: true }));
        assert_eq!(ContentHash::from_config(Some(&config(Node::null()))), Ok(ContentHash::default()));
        assert_eq!(ContentHash::from_config(None), Ok(ContentHash::default()));
    }

    #[test]
    fn what_it_does_not_know_is_refused() {
        let refused = |spec: Node| ContentHash::from_config(Some(&config(spec))).unwrap_err().to_string();
        let unknown = Node::Map([("autoReload", Node::bool(true))].into_iter().collect());
        assert_eq!(
            refused(unknown),
            "the functionConfig of ContentHash is not usable: spec: unknown field `autoReload`, expected `autoReloadAll`"
        );
        let text = Node::Map([("autoReloadAll", Node::string("true"))].into_iter().collect());
        assert_eq!(
            refused(text),
            "the functionConfig of ContentHash is not usable: spec.autoReloadAll: invalid type: string, expected a boolean"
        );
    }
}
