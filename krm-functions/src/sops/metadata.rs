//! The `sops` branch of a file: for whom its data key is encrypted, which leaves are, and the MAC. Owns its fields and their order;
//! must not know how a key is encrypted.

use std::fmt;

use super::select::{RULES, Rule};
use super::value::{Branch, Entry, Item, Value, find};

/// Version of SOPS whose files ours are like.
pub(super) const VERSION: &str = "3.13.3";

/// Metadata of an encrypted file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// One group that has the whole data key, or several that have parts of it.
    pub groups: Vec<Vec<Recipient>>,
    /// How many groups are needed; 0 where the file does not say.
    pub threshold: usize,
    /// RFC 3339 in seconds; the MAC is bound to it.
    pub last_modified: String,
    /// Encrypted.
    pub mac: Option<String>,
    /// Which leaves are encrypted, if the file says so.
    pub rule: Option<Rule>,
    /// Is the MAC over encrypted leaves only?
    pub mac_only_encrypted: bool,
    /// Of the program that wrote it.
    pub version: String,
}

/// One of those that a data key is encrypted for, with their copy of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// Of age.
    Age {
        /// Its public key.
        recipient: String,
        /// An armored age file.
        enc: String,
    },
    /// Of PGP.
    Pgp {
        /// Of its key.
        fingerprint: String,
        /// RFC 3339.
        created_at: String,
        /// An armored message.
        enc: String,
    },
    /// A service that only its clients can ask.
    Service {
        /// Which, as people call it.
        service: &'static str,
        /// The key's name there.
        name: String,
    },
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Age { recipient, .. } => write!(f, "age recipient {recipient}"),
            Self::Pgp { fingerprint, .. } => write!(f, "PGP key {fingerprint}"),
            Self::Service { service, name } => write!(f, "{service} {name}"),
        }
    }
}

/// What metadata is not right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataProblem {
    /// A field that must be there.
    #[error("`sops.{field}` is missing")]
    Missing {
        /// The field.
        field: String,
    },
    /// A field of another type.
    #[error("`sops.{field}` is {found}, not {expected}")]
    Type {
        /// The field.
        field: String,
        /// What it is.
        found: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// Two rules.
    #[error("it has both `sops.{first}` and `sops.{second}`, of which a file may have one")]
    TwoRules {
        /// One rule.
        first: &'static str,
        /// Another.
        second: &'static str,
    },
    /// Nobody.
    #[error("`sops` names nobody who could decrypt the file")]
    NoRecipients,
}

/// Services: field, name for people, fields that identify a key.
const SERVICES: [(&str, &str, &[&str]); 5] = [
    ("kms", "AWS KMS key", &["arn"]),
    ("gcp_kms", "Google Cloud KMS key", &["resource_id"]),
    ("hckms", "HuaweiCloud KMS key", &["key_id"]),
    ("azure_kv", "Azure Key Vault key", &["vault_url", "name", "version"]),
    ("hc_vault", "Vault key", &["vault_address", "engine_path", "key_name"]),
];

impl Metadata {
    /// From the branch of a file.
    pub(super) fn read(branch: &Branch) -> Result<Self, MetadataProblem> {
        let mut groups = Vec::new();
        let whole = recipients(branch)?;
        if !whole.is_empty() {
            groups.push(whole);
        } else if let Some(list) = find(branch, "key_groups") {
            for group in list.as_list().ok_or_else(|| wrong("key_groups", list, "a list"))? {
                let group = group.as_map().ok_or_else(|| wrong("key_groups", group, "a map"))?;
                groups.push(recipients(group)?);
            }
        }
        if groups.is_empty() {
            return Err(MetadataProblem::NoRecipients);
        }
        let last_modified = text(branch, "lastmodified")?.unwrap_or_default();
        if last_modified.is_empty() {
            return Err(MetadataProblem::Missing { field: "lastmodified".to_owned() });
        }
        Ok(Self {
            groups,
            threshold: threshold(branch)?,
            last_modified: in_seconds(&last_modified),
            mac: text(branch, "mac")?.filter(|mac| !mac.is_empty()),
            rule: rule(branch)?,
            mac_only_encrypted: match find(branch, "mac_only_encrypted") {
                None | Some(Value::Null) => false,
                Some(Value::Bool(value)) => *value,
                Some(value) => value.as_str() == Some("true"),
            },
            version: text(branch, "version")?.unwrap_or_default(),
        })
    }

    /// The branch, its fields in SOPS' order, which is that of their names.
    pub(super) fn write(&self) -> Branch {
        let mut out = self.fields();
        sort(&mut out);
        out
    }

    fn fields(&self) -> Branch {
        let mut out = Branch::new();
        if self.threshold > 0 {
            out.push(Entry::Pair(
                "shamir_threshold".to_owned(),
                Value::Int(i64::try_from(self.threshold).unwrap_or(0)),
            ));
        }
        match self.groups.as_slice() {
            [group] => write_age(group, &mut out),
            groups => {
                let groups = groups.iter().map(|group| {
                    let mut out = Branch::new();
                    write_pgp(group, &mut out);
                    write_age(group, &mut out);
                    // These two SOPS writes even if they are empty.
                    for field in ["age", "hc_vault"] {
                        if find(&out, field).is_none() {
                            out.push(Entry::Pair(field.to_owned(), Value::List(Vec::new())));
                        }
                    }
                    Item::Value(Value::Map(out))
                });
                out.push(Entry::Pair("key_groups".to_owned(), Value::List(groups.collect())));
            }
        }
        put(&mut out, "lastmodified", &self.last_modified);
        put(&mut out, "mac", self.mac.as_deref().unwrap_or_default());
        if let [group] = self.groups.as_slice() {
            write_pgp(group, &mut out);
        }
        if let Some((field, value)) = self.rule.as_ref().map(Rule::field) {
            put(&mut out, field, value);
        }
        if self.mac_only_encrypted {
            out.push(Entry::Pair("mac_only_encrypted".to_owned(), Value::Bool(true)));
        }
        put(&mut out, "version", &self.version);
        out
    }

    /// All recipients of all groups.
    pub fn recipients(&self) -> impl Iterator<Item = &Recipient> {
        self.groups.iter().flatten()
    }
}

fn sort(branch: &mut Branch) {
    let key = |entry: &Entry| match entry {
        Entry::Pair(key, _) => key.clone(),
        Entry::Comment(_) => String::new(),
    };
    branch.sort_by_cached_key(key);
    for entry in branch {
        let Entry::Pair(_, Value::List(items)) = entry else { continue };
        for item in items {
            if let Item::Value(Value::Map(inner)) = item {
                sort(inner);
            }
        }
    }
}

fn write_age(group: &[Recipient], out: &mut Branch) {
    let keys = group.iter().filter_map(|recipient| match recipient {
        Recipient::Age { recipient, enc } => Some(map(&[("recipient", recipient), ("enc", enc)])),
        _ => None,
    });
    push_list("age", keys.collect(), out);
}

fn write_pgp(group: &[Recipient], out: &mut Branch) {
    let keys = group.iter().filter_map(|recipient| match recipient {
        Recipient::Pgp { fingerprint, created_at, enc } => {
            Some(map(&[("created_at", created_at), ("enc", enc), ("fp", fingerprint)]))
        }
        _ => None,
    });
    push_list("pgp", keys.collect(), out);
}

fn push_list(field: &str, items: Vec<Item>, out: &mut Branch) {
    if !items.is_empty() {
        out.push(Entry::Pair(field.to_owned(), Value::List(items)));
    }
}

fn map(fields: &[(&str, &String)]) -> Item {
    let mut out = Branch::new();
    for (field, value) in fields {
        put(&mut out, field, value);
    }
    Item::Value(Value::Map(out))
}

fn put(out: &mut Branch, field: &str, value: &str) {
    out.push(Entry::Pair(field.to_owned(), Value::text(value)));
}

fn recipients(branch: &Branch) -> Result<Vec<Recipient>, MetadataProblem> {
    let mut out = Vec::new();
    for entry in branch {
        let Entry::Pair(field, Value::List(_)) = entry else { continue };
        let Entry::Pair(_, list) = entry else { continue };
        if field == "key_groups" {
            continue;
        }
        for item in list.as_list().into_iter().flatten() {
            let key = item.as_map().ok_or_else(|| wrong(field, item, "a map"))?;
            out.extend(recipient(field, key)?);
        }
    }
    Ok(out)
}

fn recipient(field: &str, key: &Branch) -> Result<Option<Recipient>, MetadataProblem> {
    let word = |name: &str| -> Result<String, MetadataProblem> {
        text(key, name)?.ok_or_else(|| MetadataProblem::Missing { field: format!("{field}.{name}") })
    };
    Ok(Some(match field {
        "age" => Recipient::Age { recipient: word("recipient")?, enc: word("enc")? },
        "pgp" => Recipient::Pgp {
            fingerprint: word("fp")?,
            created_at: text(key, "created_at")?.unwrap_or_default(),
            enc: word("enc")?,
        },
        _ => {
            let known = SERVICES.iter().find(|(name, ..)| *name == field);
            if known.is_none() && find(key, "enc").is_none() {
                return Ok(None);
            }
            let (service, fields): (_, &[&str]) = known.map_or(("unknown service", &[]), |(_, s, fields)| (*s, fields));
            let mut name: Vec<String> = fields.iter().filter_map(|field| text(key, field).ok().flatten()).collect();
            name.retain(|part| !part.is_empty());
            let name = if known.is_none() { field.to_owned() } else { name.join("/") };
            Recipient::Service { service, name }
        }
    }))
}

fn threshold(branch: &Branch) -> Result<usize, MetadataProblem> {
    let Some(value) = find(branch, "shamir_threshold") else { return Ok(0) };
    let number = match value {
        Value::Null => Some(0),
        Value::Int(int) => usize::try_from(*int).ok(),
        Value::Float(float) => format!("{float}").parse().ok(),
        other => other.as_str().and_then(|text| text.parse().ok()),
    };
    number.filter(|&number| number <= 255).ok_or_else(|| wrong("shamir_threshold", value, "a small whole number"))
}

fn rule(branch: &Branch) -> Result<Option<Rule>, MetadataProblem> {
    let mut found: Option<(&'static str, Rule)> = None;
    for field in RULES {
        let Some(value) = text(branch, field)?.filter(|value| !value.is_empty()) else { continue };
        if let Some((first, _)) = found {
            return Err(MetadataProblem::TwoRules { first, second: field });
        }
        found = Rule::named(field, value).map(|rule| (field, rule));
    }
    Ok(found.map(|(_, rule)| rule))
}

fn text(branch: &Branch, field: &str) -> Result<Option<String>, MetadataProblem> {
    match find(branch, field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Time(time)) => Ok(Some(time.clone())),
        Some(value) => match value.as_str() {
            Some(text) => Ok(Some(text.to_owned())),
            None => Err(wrong(field, value, "a text")),
        },
    }
}

fn wrong(field: &str, value: &Value, expected: &'static str) -> MetadataProblem {
    MetadataProblem::Type { field: field.to_owned(), found: value.kind_name(), expected }
}

/// A time without fractions of a second, which is what the MAC is bound to.
fn in_seconds(time: &str) -> String {
    let Some((whole, rest)) = time.split_once('.') else { return time.to_owned() };
    format!("{whole}{}", rest.trim_start_matches(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn branch(fields: &[(&str, Value)]) -> Branch {
        fields.iter().map(|(key, value)| Entry::Pair((*key).to_owned(), value.clone())).collect()
    }

    fn age() -> (&'static str, Value) {
        let key = branch(&[("recipient", Value::text("age1x")), ("enc", Value::text("armor"))]);
        ("age", Value::List(vec![Item::Value(Value::Map(key))]))
    }

    #[test]
    fn what_is_written_is_read() {
        let metadata = Metadata {
            groups: vec![vec![
                Recipient::Age { recipient: "age1x".into(), enc: "a\nb\n".into() },
                Recipient::Pgp { fingerprint: "F".into(), created_at: "2024-01-02T03:04:05Z".into(), enc: "p".into() },
            ]],
            threshold: 0,
            last_modified: "2024-01-02T03:04:05Z".into(),
            mac: Some("ENC[".into()),
            rule: Some(Rule::EncryptedRegex("^data$".into())),
            mac_only_encrypted: true,
            version: VERSION.into(),
        };
        assert_eq!(Metadata::read(&metadata.write()), Ok(metadata.clone()));
        let mut groups = metadata;
        groups.groups = vec![groups.groups[0][..1].to_vec(), groups.groups[0][1..].to_vec()];
        groups.threshold = 2;
        assert_eq!(Metadata::read(&groups.write()), Ok(groups));
    }

    #[test]
    fn services_are_named() {
        let kms = branch(&[("arn", Value::text("arn:aws:kms:x")), ("enc", Value::text("y"))]);
        let vault = branch(&[
            ("vault_address", Value::text("https://v")),
            ("engine_path", Value::text("sops")),
            ("key_name", Value::text("k")),
        ]);
        let list = |key: Branch| Value::List(vec![Item::Value(Value::Map(key))]);
        let all = branch(&[
            ("kms", list(kms)),
            ("hc_vault", list(vault)),
            ("new_kms", list(branch(&[("enc", Value::text("z"))]))),
            ("lastmodified", Value::text("2024-01-02T03:04:05.678Z")),
        ]);
        let metadata = Metadata::read(&all).unwrap();
        let names: Vec<String> = metadata.recipients().map(ToString::to_string).collect();
        assert_eq!(names, ["AWS KMS key arn:aws:kms:x", "Vault key https://v/sops/k", "unknown service new_kms"]);
        assert_eq!(metadata.last_modified, "2024-01-02T03:04:05Z");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let time = ("lastmodified", Value::text("2024-01-02T03:04:05Z"));
        for (fields, expected) in [
            (vec![time.clone()], "`sops` names nobody who could decrypt the file"),
            (vec![age()], "`sops.lastmodified` is missing"),
            (
                vec![
                    age(),
                    time.clone(),
                    ("encrypted_regex", Value::text("a")),
                    ("encrypted_suffix", Value::text("b")),
                ],
                "it has both `sops.encrypted_suffix` and `sops.encrypted_regex`, of which a file may have one",
            ),
            (vec![age(), time.clone(), ("mac", Value::Int(1))], "`sops.mac` is a number, not a text"),
            (
                vec![age(), time, ("shamir_threshold", Value::text("x"))],
                "`sops.shamir_threshold` is a text, not a small whole number",
            ),
        ] {
            assert_eq!(Metadata::read(&branch(&fields)).unwrap_err().to_string(), expected);
        }
    }
}
