//! The laws of substitution: any template and any value give a result or an error, in either dialect; a failed run changes
//! nothing; a result can be printed and read; and no finding shows a value.

use std::collections::BTreeSet;

use krm::yaml::{Limits, emit_build, parse_documents};
use krm::{Masked, Node};
use krm_functions::Severity;
use krm_functions::substitution::{Dialect, Options, Variables, expand_text, substitute, uses};

/// In every value.
const SECRET: &str = "zqvxsecretzqvx";

/// The first line is a value, the rest a template.
pub fn substitution(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (value, template) = text.split_once('\n').unwrap_or((&text, ""));
    // A template that holds it itself shows it as its own.
    if template.contains(SECRET) {
        return;
    }
    let mut variables = Variables::default();
    variables.set("A", Masked::new(format!("{value}{SECRET}")), "Secret/a");
    variables.set("B", Masked::new(value.to_owned()), "ConfigMap/b");
    for strict in [true, false] {
        let told = expand_text(template, &variables, strict);
        assert!(!told.is_err_and(|told| told.contains(SECRET)), "a value is told");
    }
    for dialect in [Dialect::Flux, Dialect::Typed] {
        for strict in [true, false] {
            let declared = BTreeSet::from(["C".to_owned()]);
            let options = Options { dialect, strict, always: true, keys: true, declared };
            object(template, &variables, &options);
        }
    }
}

fn object(template: &str, variables: &Variables, options: &Options) {
    let before = config_map(template);
    let _listed = uses(&before, options);
    let mut items = [before.clone()];
    let findings = substitute(&mut items, variables, options);
    assert!(!format!("{findings:?}").contains(SECRET), "a value is told: {findings:?}");
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        assert_eq!(items[0], before, "failed, and changed something");
        return;
    }
    let mut out = String::new();
    if emit_build(&items[0], &mut out).is_ok() && options.dialect == Dialect::Flux {
        let odd = ['\u{85}', '\u{2028}', '\u{2029}', '\u{feff}'];
        let read = parse_documents(&out, "out.yaml", &Limits::default());
        assert!(read.is_ok() || out.contains(odd) || out.contains("<<"), "{read:?}\n{out}");
    }
}

fn config_map(template: &str) -> Node {
    let map = |pairs: Vec<(&str, Node)>| Node::Map(pairs.into_iter().collect());
    map(vec![
        ("apiVersion", Node::string("v1")),
        ("kind", Node::string("ConfigMap")),
        ("metadata", map(vec![("name", Node::string("web"))])),
        ("data", map(vec![("text", Node::string(template)), ("list", Node::seq(vec![Node::string(template)]))])),
    ])
}
