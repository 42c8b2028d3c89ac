//! The functionConfig of `ContentHash`: `spec.autoReloadAll`.

use krm::{Node, Tag};

use super::ContentHash;
use crate::registry::ConfigError;

const KIND: &str = "ContentHash";

impl ContentHash {
    /// From a functionConfig of kind `ContentHash`; without one, the defaults.
    ///
    /// # Errors
    /// It has fields that are unknown or of another type.
    pub fn from_config(config: Option<&Node>) -> Result<Self, ConfigError> {
        let mut function = Self::default();
        let Some(config) = config else { return Ok(function) };
        let map = config.as_map().ok_or_else(|| wrong("functionConfig", "a map", config))?;
        for (field, value) in map.iter() {
            match field {
                "apiVersion" | "kind" | "metadata" => {}
                "spec" if value.is_null() => {}
                "spec" => function.read_spec(value)?,
                other => return Err(ConfigError::UnknownField { kind: KIND, field: other.to_owned() }),
            }
        }
        Ok(function)
    }

    fn read_spec(&mut self, spec: &Node) -> Result<(), ConfigError> {
        let map = spec.as_map().ok_or_else(|| wrong("spec", "a map", spec))?;
        for (field, value) in map.iter() {
            match field {
                "autoReloadAll" => self.auto_all = boolean("spec.autoReloadAll", value)?,
                other => return Err(ConfigError::UnknownField { kind: KIND, field: format!("spec.{other}") }),
            }
        }
        Ok(())
    }
}

fn boolean(field: &str, value: &Node) -> Result<bool, ConfigError> {
    match value {
        Node::Scalar(scalar) if scalar.tag == Tag::Bool => Ok(scalar.text == "true"),
        other => Err(wrong(field, "a boolean", other)),
    }
}

fn wrong(field: &str, wanted: &'static str, found: &Node) -> ConfigError {
    ConfigError::WrongType { field: field.to_owned(), wanted, found: found.kind_name() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(spec: Node) -> Node {
        Node::Map([("kind", Node::string(KIND)), ("spec", spec)].into_iter().collect())
    }

    #[test]
    fn the_only_option_is_read() {
        let spec = Node::Map([("autoReloadAll", Node::bool(true))].into_iter().collect());
        assert_eq!(ContentHash::from_config(Some(&config(spec))), Ok(ContentHash { auto_all: true }));
        assert_eq!(ContentHash::from_config(None), Ok(ContentHash::default()));
    }

    #[test]
    fn what_it_does_not_know_is_refused() {
        let unknown = Node::Map([("autoReload", Node::bool(true))].into_iter().collect());
        let error = ContentHash::from_config(Some(&config(unknown))).unwrap_err();
        assert_eq!(error.to_string(), "the functionConfig of ContentHash has no field `spec.autoReload`");
        let text = Node::Map([("autoReloadAll", Node::string("true"))].into_iter().collect());
        let error = ContentHash::from_config(Some(&config(text))).unwrap_err();
        assert_eq!(error.to_string(), "`spec.autoReloadAll` of the functionConfig must be a boolean, it is a string");
    }
}
