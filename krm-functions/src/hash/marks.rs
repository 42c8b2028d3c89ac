//! How a hash stands in a pod template: as an annotation of ours, or as the environment variable that Reloader writes. Owns
//! names and places; must not know how a hash is computed.

use krm::{Mapping, Node};
use sha2::{Digest as _, Sha256};

use super::content::Kind;
use super::hex;

/// What our annotations begin with.
pub const ANNOTATION_PREFIX: &str = "kubectl-gitops.dev/hash.";
/// Kubernetes' limit for the part of an annotation's name behind the slash.
const NAME_PART_MAX: usize = 63;

/// The annotation of one source. A name too long for an annotation is cut, and a hash keeps it unique.
pub(super) fn annotation_name(kind: Kind, name: &str) -> String {
    let plain = format!("hash.{}.{name}", kind.word());
    if plain.len() <= NAME_PART_MAX {
        return format!("kubectl-gitops.dev/{plain}");
    }
    let unique = hex(&Sha256::digest(name.as_bytes())[..5]);
    let end = plain.floor_char_boundary(NAME_PART_MAX - 1 - unique.len());
    let cut = plain[..end].trim_end_matches(['-', '.']);
    format!("kubectl-gitops.dev/{cut}-{unique}")
}

/// Our annotations that the pod template has.
pub(super) fn annotations(pod: &Node) -> impl Iterator<Item = &str> {
    let annotations = pod.at(&["metadata", "annotations"]).and_then(Node::as_map);
    let names = annotations.into_iter().flat_map(Mapping::iter).map(|(name, _)| name);
    names.filter(|name| name.starts_with(ANNOTATION_PREFIX))
}

/// The annotations of the pod template, made where they are missing.
pub(super) fn annotations_mut(pod: &mut Node) -> Option<&mut Mapping> {
    let mut map = pod.as_map_mut()?;
    for field in ["metadata", "annotations"] {
        let next = map.entry_or_insert_with(field, Node::map);
        if next.is_null() {
            *next = Node::map();
        }
        map = next.as_map_mut()?;
    }
    Some(map)
}

/// Reloader's variable of one source: capital letters and digits, everything else one `_`, none at the begin.
pub(super) fn variable_name(kind: Kind, name: &str) -> String {
    let mut word = String::new();
    let mut after_valid = false;
    for byte in name.to_uppercase().bytes() {
        let valid = byte.is_ascii_uppercase() || byte.is_ascii_digit();
        if valid {
            word.push(char::from(byte));
        } else if after_valid {
            word.push('_');
        }
        after_valid = valid;
    }
    format!("STAKATER_{word}_{}", kind.word().to_uppercase())
}

/// Puts the variable into the pod template as Reloader does: where a container has it, it gets the value; else it goes behind the
/// others of container `carrier`. Returns the path of the variables that changed, or nothing if it was there already.
pub(super) fn set_variable(pod: &mut Node, carrier: usize, name: &str, value: &str) -> Option<String> {
    let containers = pod.at_mut(&["spec", "containers"])?.as_seq_mut()?;
    let env = |container: &Node| -> Option<usize> {
        let variables = container.get("env").and_then(Node::as_seq)?;
        variables.iter().position(|variable| variable.str_at(&["name"]) == Some(name))
    };
    let path = |container: usize| format!("spec.containers[{container}].env");
    if let Some((index, at)) = containers.iter().enumerate().find_map(|(index, one)| Some((index, env(one)?))) {
        let variable = containers[index].at_mut(&["env"])?.as_seq_mut()?.get_mut(at)?;
        if variable.str_at(&["value"]) == Some(value) {
            return None;
        }
        variable.as_map_mut()?.set("value", Node::string(value));
        return Some(path(index));
    }
    let container = containers.get_mut(carrier)?.as_map_mut()?;
    let variables = container.entry_or_insert_with("env", || Node::seq(Vec::new()));
    if variables.is_null() {
        *variables = Node::seq(Vec::new());
    }
    let variable = [("name", Node::string(name)), ("value", Node::string(value))];
    variables.as_seq_mut()?.push(Node::Map(variable.into_iter().collect()));
    Some(path(carrier))
}

/// Gives a pod template the variable that `live`, the same template as it is now, has, in the place that it has there; not where
/// a container has one of this name. Another order would be another template.
pub(super) fn keep_variable(pod: &mut Node, carrier: usize, name: &str, live: &Node) {
    let name_of = |variable: &Node| variable.str_at(&["name"]).map(str::to_owned);
    let env = |container: &Node| container.get("env").and_then(Node::as_seq).map(<[Node]>::to_vec).unwrap_or_default();
    let containers = |pod: &Node| pod.at(&["spec", "containers"]).and_then(Node::as_seq).map(<[Node]>::to_vec);
    let has = |variables: &[Node]| variables.iter().position(|variable| name_of(variable).as_deref() == Some(name));
    let found = containers(live).unwrap_or_default().iter().find_map(|container| {
        let variables = env(container);
        has(&variables).map(|at| variables[at..].to_vec())
    });
    let Some(found) = found.filter(|found| found[0].str_at(&["value"]).is_some()) else { return };
    let own = containers(pod).unwrap_or_default();
    if own.iter().any(|container| has(&env(container)).is_some()) {
        return;
    }
    let Some(mut variables) = own.get(carrier).map(env) else { return };
    let behind: Vec<String> = found[1..].iter().filter_map(name_of).collect();
    let at = variables.iter().position(|variable| name_of(variable).is_some_and(|name| behind.contains(&name)));
    variables.insert(at.unwrap_or(variables.len()), found[0].clone());
    let containers = pod.at_mut(&["spec", "containers"]).and_then(Node::as_seq_mut);
    if let Some(container) = containers.and_then(|all| all.get_mut(carrier)).and_then(Node::as_map_mut) {
        container.set("env", Node::seq(variables));
    }
}

/// Does the name end in a hash of the content, as kustomize's generators give it? Then a change changes the name, and with
/// it the pod template.
pub(super) fn carries_build_hash(name: &str) -> bool {
    const HASH_LEN: usize = 10;
    // kustomize writes hexadecimal digits with the vowels and what looks like them replaced.
    const ALPHABET: &str = "2456789bcdfghkmt";
    name.rsplit_once('-').is_some_and(|(stem, hash)| {
        !stem.is_empty() && hash.len() == HASH_LEN && hash.chars().all(|c| ALPHABET.contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_stays_within_the_limit_and_unique() {
        let long = "a".repeat(48);
        assert_eq!(annotation_name(Kind::ConfigMap, &long).len(), "kubectl-gitops.dev/".len() + NAME_PART_MAX);
        let longer = annotation_name(Kind::ConfigMap, &"a".repeat(49));
        let other = annotation_name(Kind::ConfigMap, &"a".repeat(50));
        for name in [&longer, &other] {
            assert!(name.len() <= "kubectl-gitops.dev/".len() + NAME_PART_MAX, "{name}");
        }
        assert_ne!(longer, other);
        let dotted = annotation_name(Kind::Secret, &format!("{}.{}", "a".repeat(40), "b".repeat(200)));
        assert!(dotted.ends_with(|c: char| c.is_ascii_alphanumeric()), "{dotted}");
    }

    #[test]
    fn variables_are_called_as_reloader_calls_them() {
        for (name, expected) in [
            ("db", "STAKATER_DB_SECRET"),
            ("my-app.config", "STAKATER_MY_APP_CONFIG_SECRET"),
            ("a--b..c", "STAKATER_A_B_C_SECRET"),
            ("1st-", "STAKATER_1ST__SECRET"),
            ("-x", "STAKATER_X_SECRET"),
        ] {
            assert_eq!(variable_name(Kind::Secret, name), expected);
        }
        assert_eq!(variable_name(Kind::ConfigMap, "db"), "STAKATER_DB_CONFIGMAP");
    }

    #[test]
    fn hash_suffixes_are_recognised() {
        for (name, expected) in [
            ("settings-6ct58987ht", true),
            ("web-settings-9g67k2hbmd", true),
            ("settings", false),
            ("settings-production", false),
            ("settings-0ct58987ht", false),
            ("-6ct58987ht", false),
            ("settings-6ct58987h", false),
        ] {
            assert_eq!(carries_build_hash(name), expected, "{name}");
        }
    }
}
