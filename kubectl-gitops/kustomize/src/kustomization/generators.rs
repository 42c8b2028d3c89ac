//! The fields of `configMapGenerator`, `secretGenerator` and `generatorOptions`. Owns names and shapes; must not know what a
//! field does.

use std::collections::BTreeMap;

use super::decode::{Located, record};

record! {
    /// One item of `configMapGenerator`.
    GeneratorArgs {
        /// `namespace`
        namespace: String = "namespace",
        /// `name`
        name: String = "name",
        /// `behavior`: `create`, `merge` or `replace`
        behavior: String = "behavior",
        /// `literals`: `key=value`
        literals: Vec<Located> = "literals",
        /// `files`: `file` or `key=file`
        files: Vec<Located> = "files",
        /// `envs`: files of `KEY=value` lines
        envs: Vec<Located> = "envs",
        /// `env` (deprecated: `envs`)
        env: Located = "env",
        /// `options`
        options: Option<GeneratorOptions> = "options",
    }
}

record! {
    /// One item of `secretGenerator`.
    SecretArgs {
        /// `namespace`
        namespace: String = "namespace",
        /// `name`
        name: String = "name",
        /// `behavior`: `create`, `merge` or `replace`
        behavior: String = "behavior",
        /// `literals`: `key=value`
        literals: Vec<Located> = "literals",
        /// `files`: `file` or `key=file`
        files: Vec<Located> = "files",
        /// `envs`: files of `KEY=value` lines
        envs: Vec<Located> = "envs",
        /// `env` (deprecated: `envs`)
        env: Located = "env",
        /// `options`
        options: Option<GeneratorOptions> = "options",
        /// `type`; `Opaque` if empty
        secret_type: String = "type",
    }
}

record! {
    /// `generatorOptions`, and `options` of one generator.
    GeneratorOptions {
        /// `labels`
        labels: BTreeMap<String, String> = "labels",
        /// `annotations`
        annotations: BTreeMap<String, String> = "annotations",
        /// `disableNameSuffixHash`
        disable_name_suffix_hash: bool = "disableNameSuffixHash",
        /// `immutable`
        immutable: bool = "immutable",
    }
}
