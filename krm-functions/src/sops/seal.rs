//! Sealing: from plain bytes to a file that SOPS opens. Owns the order of steps; must not know where a plan comes from.

use krm::Masked;

use super::cipher::{self, CipherProblem, DATA_KEY_LEN, NONCE_LEN};
use super::format::Format;
use super::indents::Indents;
use super::metadata::{Metadata, Recipient, VERSION};
use super::open::leaves;
use super::recipient::age::{self, AgeProblem, AgeRecipient};
use super::select::{Rule, Selector};
use super::shamir::{self, ShamirProblem};
use super::store::{self, StoreProblem};
use super::value::{Entry, Value};
use super::walk::{self, LeafFault, Random, Treatment};

/// For whom a file is encrypted, and what of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SealPlan {
    /// Recipients of age, in groups of which one has the whole key or several have parts of it.
    pub groups: Vec<Vec<String>>,
    /// How many of several groups are needed; 0: all.
    pub threshold: usize,
    /// Which leaves are encrypted.
    pub rule: Rule,
    /// Is the MAC over encrypted leaves only?
    pub mac_only_encrypted: bool,
    /// How the file is laid out.
    pub indents: Indents,
}

/// Why something cannot be encrypted. Names keys, recipients and places, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealProblem {
    /// Not of its format.
    #[error("it is no {format} that SOPS encrypts: {problem}")]
    Read {
        /// The format.
        format: Format,
        /// What is wrong.
        problem: StoreProblem,
    },
    /// It has metadata.
    #[error("it is already encrypted, or has `{0}` where SOPS keeps its metadata")]
    AlreadyEncrypted(&'static str),
    /// No document.
    #[error("it is empty, and SOPS encrypts at least one document")]
    Empty,
    /// For nobody.
    #[error("no recipient is named to encrypt it for")]
    NoRecipients,
    /// A recipient that cannot be used.
    #[error("the recipient {recipient} cannot be used: {problem}")]
    Recipient {
        /// As it was given.
        recipient: String,
        /// Why.
        problem: AgeProblem,
    },
    /// A threshold that groups cannot have.
    #[error(transparent)]
    Groups(#[from] ShamirProblem),
    /// A pattern that is none.
    #[error("`{field}` is no regular expression: {problem}")]
    Rule {
        /// The rule.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// Values that cannot be encrypted.
    #[error("{}", leaves(.0))]
    Leaves(Vec<LeafFault>),
    /// The MAC cannot be encrypted.
    #[error("its MAC cannot be encrypted: {0}")]
    Mac(#[from] CipherProblem),
    /// The format cannot hold it.
    #[error("it cannot be written as {format}: {problem}")]
    Write {
        /// The format.
        format: Format,
        /// What is wrong.
        problem: StoreProblem,
    },
}

/// Encrypts a plain file. `now` is the time as RFC 3339 in seconds.
///
/// # Errors
/// It is not of its format, already encrypted, or the plan cannot be carried out.
pub fn seal(
    bytes: &[u8],
    format: Format,
    plan: &SealPlan,
    now: &str,
    random: &mut Random<'_>,
) -> Result<Vec<u8>, SealProblem> {
    let mut branches = store::read_plain(format, bytes).map_err(|problem| SealProblem::Read { format, problem })?;
    if branches.is_empty() {
        return Err(SealProblem::Empty);
    }
    refuse_metadata(&branches, format)?;
    // Of a binary file there is one value, which no rule may leave readable.
    let (rule, mac_only_encrypted) = match format {
        Format::Binary => (None, false),
        _ => (Some(plan.rule.clone()), plan.mac_only_encrypted),
    };
    let selector = Selector::new(&rule.clone().unwrap_or_default())
        .map_err(|problem| SealProblem::Rule { field: plan.rule.field().0, problem })?;
    let mut key = Masked::new(vec![0; DATA_KEY_LEN]);
    random(key.expose_mut());
    let (groups, threshold) = share(&key, plan, random)?;
    let treatment = Treatment { selector: &selector, key: &key, mac_only_encrypted };
    let mac = walk::seal(&mut branches, &treatment, random).map_err(SealProblem::Leaves)?.mac;
    let mut nonce = [0; NONCE_LEN];
    random(&mut nonce);
    let metadata = Metadata {
        groups,
        threshold,
        last_modified: now.to_owned(),
        mac: cipher::seal(&Value::text(mac), &key, now, &nonce)?,
        rule,
        mac_only_encrypted,
        version: VERSION.to_owned(),
    };
    store::write_encrypted(format, branches, &metadata.write(), plan.indents)
        .map_err(|problem| SealProblem::Write { format, problem })
}

/// Every recipient of a group gets the data key, or the group's part of it.
fn share(
    key: &cipher::DataKey,
    plan: &SealPlan,
    random: &mut Random<'_>,
) -> Result<(Vec<Vec<Recipient>>, usize), SealProblem> {
    if plan.groups.is_empty() || plan.groups.iter().any(Vec::is_empty) {
        return Err(SealProblem::NoRecipients);
    }
    let (parts, threshold) = if plan.groups.len() == 1 {
        (vec![key.clone()], 0)
    } else {
        let threshold = if plan.threshold == 0 { plan.groups.len() } else { plan.threshold };
        (shamir::split(key, plan.groups.len(), threshold, random)?, threshold)
    };
    let mut groups = Vec::new();
    for (names, part) in plan.groups.iter().zip(&parts) {
        let mut group = Vec::new();
        for name in names {
            let fail = |problem| SealProblem::Recipient { recipient: name.clone(), problem };
            let recipient: AgeRecipient = age::parse_recipient(name).map_err(fail)?;
            let enc = age::seal(part, &recipient).map_err(fail)?;
            group.push(Recipient::Age { recipient: name.trim().to_owned(), enc });
        }
        groups.push(group);
    }
    Ok((groups, threshold))
}

fn refuse_metadata(branches: &store::Branches, format: Format) -> Result<(), SealProblem> {
    let flat = format == Format::Dotenv;
    let is_metadata = |entry: &Entry| match entry {
        Entry::Pair(key, _) if flat => key.starts_with("sops_"),
        Entry::Pair(key, _) => key == store::METADATA,
        Entry::Comment(_) => false,
    };
    if branches.iter().flatten().any(is_metadata) {
        return Err(SealProblem::AlreadyEncrypted(if flat { "sops_…" } else { "sops" }));
    }
    Ok(())
}
