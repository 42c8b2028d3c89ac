//! Rules as people write them.

use super::*;

const TEXT: &str = "\
keys:
  - &alice age1alice
  - &bob age1bob
creation_rules:
  - path_regex: secrets/.*\\.yaml$
    age: age1one, age1two,age1one,
    encrypted_regex: ^(data|stringData)$
    mac_only_encrypted: true
  - path_regex: ^groups/
    shamir_threshold: 2
    key_groups:
      - age: [*alice, *bob]
      - merge: [{age: [*alice]}]
        age: [*alice]
  - path_regex: ^kms/
    kms: arn:aws:kms:x
    age: *alice
  - age: *bob
";

#[test]
fn the_first_rule_that_matches_counts() {
    let rules = CreationRules::read(TEXT).unwrap();
    let plan = rules.plan("apps/secrets/db.yaml").unwrap();
    assert_eq!(plan.groups, [["age1one", "age1two"]]);
    assert_eq!(plan.rule, Rule::EncryptedRegex("^(data|stringData)$".into()));
    assert!(plan.mac_only_encrypted);
    let plan = rules.plan("groups/x.yaml").unwrap();
    assert_eq!(plan.groups, [vec!["age1alice", "age1bob"], vec!["age1alice"]]);
    assert_eq!(plan.threshold, 2);
    assert_eq!(
        rules.plan("kms/x.yaml").unwrap_err().to_string(),
        "line 16: `kms` names recipients that only other programs can encrypt for; age recipients are possible here"
    );
    assert_eq!(
        rules.plan("other.env").unwrap(),
        SealPlan { groups: vec![vec!["age1bob".into()]], ..SealPlan::default() }
    );
    let plan = rules.plan_for("kms/x.yaml", vec!["age1me".into()]).unwrap();
    assert_eq!(
        plan,
        SealPlan { groups: vec![vec!["age1me".into()]], ..SealPlan::default() },
        "whom the rule names is out"
    );
    let plan = rules.plan_for("apps/secrets/db.yaml", vec!["age1me".into()]).unwrap();
    assert_eq!(plan.rule, Rule::EncryptedRegex("^(data|stringData)$".into()), "the rest of the rule counts");
    assert_eq!((rules.names("groups/x"), rules.names("other.env")), (Ok(Some(9)), Ok(None)));
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let only = |rule: &str| CreationRules::read(&format!("creation_rules:\n  - {rule}\n"));
    for (text, expected) in [
        ("a: [", "line 2: did not find expected node content"),
        ("[]", "line 1: `creation_rules` must be a field at the top"),
        ("creation_rule: []", "line 1: `creation_rule` means nothing to SOPS; did you mean `creation_rules`?"),
        ("stores: []", "line 1: `stores` must be a map"),
        ("stores: {toml: {}}", "line 1: `toml` is not a field of `stores`"),
        ("stores: {yaml: {indnt: 2}}", "line 1: `yaml.indnt` is not a field of `stores`"),
        ("stores: {ini: {indent: 2}}", "line 1: `ini.indent` is not a field of `stores`"),
        ("stores: {yaml: {indent: -1}}", "line 1: `yaml.indent` must be a whole number, 0 or more"),
        ("stores: {yaml: {indent: '2'}}", "line 1: `yaml.indent` must be a whole number, 0 or more"),
        ("stores: {json: {indent: -2}}", "line 1: `json.indent` must be a whole number from -1 (a tab) to 20"),
        (
            "stores: {json_binary: {indent: 1.5}}",
            "line 1: `json_binary.indent` must be a whole number from -1 (a tab) to 20",
        ),
    ] {
        assert_eq!(CreationRules::read(text).unwrap_err().to_string(), expected, "{text}");
    }
    for (text, expected) in [
        ("", "it has no `creation_rules`"),
        ("keys: [&a age1a]\ndestination_rules: []", "it has no `creation_rules`"),
        ("creation_rules: x", "line 1: `creation_rules` must be a list"),
    ] {
        assert_eq!(CreationRules::read(text).unwrap().plan("x").unwrap_err().to_string(), expected, "{text}");
    }
    let pattern = only("path_regex: '('").unwrap().plan("x").unwrap_err().to_string();
    assert!(pattern.starts_with("line 2: `path_regex` is no regular expression"), "{pattern}");
    for (rule, expected) in [
        ("{}", "line 2: the creation rule names no recipient"),
        ("{age: [1, [x]]}", "line 2: `age` must be a list of texts"),
        (
            "{age: a, encrypted_regex: a, encrypted_suffix: b}",
            "line 2: `encrypted_suffix` and `encrypted_regex` cannot stand in one creation rule",
        ),
        ("{age: a, encrypted_rgex: a}", "line 2: `encrypted_rgex` is not a field of a creation rule"),
        ("{age: a, filename_regex: a}", "line 2: `filename_regex` is not a field of a creation rule"),
        ("{age: a, mac_only_encrypted: maybe}", "line 2: `mac_only_encrypted` must be true or false"),
        ("{age: a, shamir_threshold: x}", "line 2: `shamir_threshold` must be a whole number"),
        ("{age: a, shamir_threshold: -1}", "line 2: `shamir_threshold` must be a whole number"),
        ("{age: a, key_groups: x}", "line 2: `key_groups` must be a list of maps"),
        ("{key_groups: [{agee: [a]}]}", "line 2: `agee` is not a field of a key group"),
        ("{key_groups: [{age: a}]}", "line 2: `age` must be a list of texts in a key group"),
        ("{key_groups: [{merge: x}]}", "line 2: `merge` must be a list of maps"),
        (
            "{key_groups: [{age: [a], hc_vault: [https://v/x]}]}",
            "line 2: `hc_vault` names recipients that only other programs can encrypt for; age recipients are possible here",
        ),
    ] {
        assert_eq!(only(rule).unwrap().plan("x").unwrap_err().to_string(), expected, "{rule}");
    }
    for field in ["kms", "gcp_kms", "hckms", "azure_keyvault", "hc_vault_transit_uri", "pgp"] {
        let told = only(&format!("{{age: a, {field}: [x]}}")).unwrap().plan("x").unwrap_err().to_string();
        assert!(told.starts_with(&format!("line 2: `{field}` names recipients")), "{told}");
    }
    assert_eq!(
        only("{path_regex: a, age: x}").unwrap().plan("b").unwrap_err().to_string(),
        "no creation rule matches `b`"
    );
}

#[test]
fn truths_are_those_of_yaml_1_1() {
    for (word, expected) in [("true", true), ("yes", true), ("on", true), ("n", false), ("False", false)] {
        let rules = CreationRules::read(&format!("creation_rules: [{{age: a, mac_only_encrypted: {word}}}]")).unwrap();
        assert_eq!(rules.plan("x").unwrap().mac_only_encrypted, expected, "{word}");
    }
}

#[test]
fn stores_say_how_files_are_laid_out() {
    let of = |stores: &str| CreationRules::read(&format!("stores: {stores}\n")).unwrap().indents();
    let default = Indents::default();
    assert_eq!(of("{}"), default);
    assert_eq!(of("{yaml: , json: {indent: }, ini: {}, dotenv: {}}"), default);
    assert_eq!(of("{yaml: {indent: 0}, json: {indent: -1}}"), default);
    assert_eq!(of("{yaml: {indent: 1}}"), Indents { yaml: 2, ..default });
    assert_eq!(of("{yaml: {indent: 9}}"), Indents { yaml: 9, ..default });
    assert_eq!(of("{yaml: {indent: 99}}"), Indents { yaml: 2, ..default }, "as go-yaml has it");
    assert_eq!(
        of("{json: {indent: 0}, json_binary: {indent: 3}}"),
        Indents { json: Some(0), binary: Some(3), ..default }
    );
    let rules = CreationRules::read("creation_rules: [{age: a}]\nstores: {json: {indent: 2}}\n").unwrap();
    assert_eq!(rules.plan("x").unwrap().indents, rules.indents());
}
