//! The formats of SOPS files, and how one is told from a name or from bytes. Must not know how any of them is read.

use std::fmt;

use memchr::memmem;

/// A format that SOPS writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// YAML, also of several documents.
    Yaml,
    /// One JSON object.
    Json,
    /// `NAME=value` lines.
    Dotenv,
    /// Sections of `name = value` lines.
    Ini,
    /// Anything else, as one text in a JSON object.
    Binary,
}

impl Format {
    /// The format that a file's name means to SOPS.
    pub fn of_name(name: &str) -> Self {
        let ends = |suffix: &str| name.ends_with(suffix);
        if ends(".yaml") || ends(".yml") {
            Self::Yaml
        } else if ends(".json") {
            Self::Json
        } else if ends(".env") {
            Self::Dotenv
        } else if ends(".ini") {
            Self::Ini
        } else {
            Self::Binary
        }
    }

    /// The format that a key of a Secret or of a generator means to Flux: registry credentials are JSON whatever their name ends in.
    pub fn of_key(key: &str) -> Self {
        if key.ends_with(".dockerconfigjson") { Self::Json } else { Self::of_name(key) }
    }

    /// What a file encrypted in this format holds: Flux looks for no more before it tries to decrypt.
    pub const fn marker(self) -> &'static str {
        match self {
            Self::Yaml => "mac: ENC[",
            Self::Json | Self::Binary => "\"mac\": \"ENC[",
            Self::Dotenv => "sops_mac=ENC[",
            Self::Ini => "[sops]",
        }
    }

    /// Does `bytes` look like a file encrypted in this format?
    pub fn marks(self, bytes: &[u8]) -> bool {
        memmem::find(bytes, self.marker().as_bytes()).is_some()
    }

    /// The format whose marker `bytes` hold. JSON and binary look the same and are read the same way.
    pub fn of_marker(bytes: &[u8]) -> Option<Self> {
        [Self::Json, Self::Yaml, Self::Dotenv, Self::Ini].into_iter().find(|format| format.marks(bytes))
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yaml => "YAML",
            Self::Json => "JSON",
            Self::Dotenv => "dotenv",
            Self::Ini => "INI",
            Self::Binary => "binary",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_mean_formats() {
        for (name, format) in [
            ("a.yaml", Format::Yaml),
            ("a.yml", Format::Yaml),
            ("a.json", Format::Json),
            (".env", Format::Dotenv),
            ("prod.env", Format::Dotenv),
            ("a.ini", Format::Ini),
            ("tls.key", Format::Binary),
            (".dockerconfigjson", Format::Binary),
        ] {
            assert_eq!(Format::of_name(name), format, "{name}");
        }
        assert_eq!(Format::of_key(".dockerconfigjson"), Format::Json);
        assert_eq!(Format::of_key("tls.key"), Format::Binary);
    }

    #[test]
    fn markers_tell_formats() {
        assert_eq!(Format::of_marker(b"sops:\n    mac: ENC[AES256_GCM"), Some(Format::Yaml));
        assert_eq!(Format::of_marker(b"{\"sops\": {\"mac\": \"ENC[AES256_GCM"), Some(Format::Json));
        assert_eq!(Format::of_marker(b"a=b\nsops_mac=ENC[AES256_GCM"), Some(Format::Dotenv));
        assert_eq!(Format::of_marker(b"[sops]\nmac = ENC["), Some(Format::Ini));
        assert_eq!(Format::of_marker(b"mac: plain"), None);
    }
}
