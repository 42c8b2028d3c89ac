//! What the dialect `flux` does with objects, what it says, and where. The grammar itself is compared with Flux's own code in
//! `tests/oracle_envsubst.rs`.

use std::collections::BTreeSet;

use krm::yaml::{Limits, emit_build, emit_function, parse_documents};
use krm::{Masked, Node};

use super::super::{Dialect, Options, Variables, expand_text, substitute};
use super::super::{Use, uses};

fn variables(pairs: &[(&str, &str)]) -> Variables {
    let mut variables = Variables::default();
    for (name, value) in pairs {
        variables.set(*name, Masked::new((*value).to_owned()), "the test");
    }
    variables
}

fn object(text: &str) -> Node {
    parse_documents(text, "in.yaml", &Limits::default()).unwrap().remove(0).root
}

const HEAD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n";

/// The fields behind the head, and what was said.
fn filled(body: &str, pairs: &[(&str, &str)], strict: bool) -> (String, Vec<String>) {
    let mut items = [object(&format!("{HEAD}{body}"))];
    let options = Options { strict, ..Options::default() };
    let findings = substitute(&mut items, &variables(pairs), &options);
    let mut out = String::new();
    emit_function(&items[0], &mut out).unwrap();
    let told = findings.iter().map(|f| format!("{:?} {} {}: {}", f.severity, f.field, f.line, f.message)).collect();
    (out.strip_prefix(HEAD).unwrap_or(&out).to_owned(), told)
}

fn told(body: &str, pairs: &[(&str, &str)]) -> Vec<String> {
    filled(body, pairs, true).1
}

#[test]
fn expressions_are_filled_in() {
    for (template, expected) in [
        ("${a}", "abc/def.txt"),
        ("$a ${unset} $(x)", "$a  $(x)"),
        ("$${a} $$$$ $$", "${a} $$ $"),
        ("${#a}", "11"),
        ("${a^}${a^^}${b,}${b,,}", "Abc/def.txtABC/DEF.TXTxYxy"),
        ("${a,^}", "abc/def.txt"),
        ("${a:4}${a:4:3}${a:1:-1}", "def.txtdefbc/def.tx"),
        ("${a: -3}", "abc/def.txt"),
        ("${unset:-${a:0:3}-x}", "abc-x"),
        ("${unset:=d}${unset=d}${unset:+d}${unset:?d}", "dddd"),
        ("${a:+d}", "abc/def.txt"),
        ("${a#*/}${a##*.}${a%/*}${a%%.*}", "def.txttxtabcabc/def"),
        ("${a/b/X}${a//[/X}${a/#abc/X}${a/%txt/X}", "aXc/def.txtabc/def.txtX/def.txtabc/def.X"),
        ("${a/\\//-}", "abc-def.txt"),
        ("before\0after", "before"),
    ] {
        let result = expand_text(template, &variables(&[("a", "abc/def.txt"), ("b", "XY")]), false);
        assert_eq!(result.map(|bytes| String::from_utf8(bytes).unwrap()), Ok(expected.to_owned()), "{template}");
    }
}

#[test]
fn what_is_no_template_is_refused() {
    for template in [
        "${",
        "${}",
        "${ a}",
        "${a",
        "${a-b}",
        "${a.b}",
        "${a:}",
        "${a:-b",
        "${a::1}",
        "${a:1:}",
        "${a:é}",
        "${a#}",
        "${a/b}",
        "${a//}",
        "${a^^^}",
        "${#}",
        "${#a:1}",
        "${a:${b}c}",
    ] {
        assert!(expand_text(template, &Variables::default(), false).is_err(), "{template}");
    }
    let deep = format!("{}x{}", "${a:-".repeat(200), "}".repeat(200));
    assert!(expand_text(&deep, &Variables::default(), false).unwrap_err().contains("deeper than"));
    assert!(expand_text("${a}", &Variables::default(), true).unwrap_err().contains("`a`"));
}

#[test]
fn a_bomb_is_refused() {
    let bomb = "${a}".repeat(1000);
    let error = expand_text(&bomb, &variables(&[("a", &"x".repeat(1 << 20))]), true).unwrap_err();
    assert!(error.contains("MiB"), "{error}");
}

#[test]
fn values_are_typed_again_and_the_rest_stays() {
    let body = "data: # kept\n  port: ${PORT} # the port\n  quoted: \"${PORT}\"\n  on: 'yes'\n  text: v${PORT}\n  \
                list: [\"${FLAG}\", \"${LIST}\"]\n  mode: 0644\n";
    let (out, told) = filled(body, &[("PORT", "8080"), ("FLAG", "no"), ("LIST", "[a, 1]")], true);
    assert_eq!(
        out,
        "data: # kept\n  port: 8080 # the port\n  quoted: 8080\n  on: 'yes'\n  text: v8080\n  list: [false, [a, 1]]\n  \
         mode: 0644\n"
    );
    assert_eq!(told[0], "Info data.list[0] 10: put in `FLAG`");
    assert_eq!(told.len(), 5);
}

#[test]
fn an_object_without_variables_keeps_its_bytes() {
    let body = "data:\n    a:   'x'   # odd\n    b: \"1.10\"\n    c: |\n        lines\n";
    for pairs in [&[("x", "y")][..], &[]] {
        let mut items = [object(&format!("{HEAD}{body}"))];
        let before = items[0].clone();
        assert_eq!(substitute(&mut items, &variables(pairs), &Options::default()), []);
        assert_eq!(items[0], before);
    }
}

#[test]
fn a_large_number_loses_digits_as_in_flux_and_that_is_told() {
    let (out, told) = filled("data:\n  n: 9007199254740993\n", &[("x", "y")], true);
    assert_eq!(out, "data:\n  n: 9007199254740992\n");
    assert_eq!(told, ["Warning data.n 0: a large number loses digits, as it does in Flux"]);
}

#[test]
fn all_unset_variables_are_told_at_once_and_nothing_changes() {
    let body = "data:\n  a: ${REGOIN} ${HOST}\n  b: |\n    one\n    two ${DOMIAN}\n  ${KYE}: x\n  c: ${REGION}\n";
    let pairs = [("REGION", "eu"), ("DOMAIN", "x.org"), ("HOST", "h")];
    let (out, told) = filled(body, &pairs, true);
    assert_eq!(
        told,
        [
            "Error data.a 6: the variable `REGOIN` is not set, did you mean `REGION`?",
            "Error data.b 9: the variable `DOMIAN` is not set, did you mean `DOMAIN`?",
            "Error data[${KYE}] 10: the variable `KYE` is not set",
        ]
    );
    assert_eq!(out, body);
    let (out, told) = filled("data:\n  c: a${X}b\n", &pairs, false);
    assert_eq!(out, "data:\n  c: ab\n");
    assert_eq!(told[0], "Warning data.c 6: nothing stands for the variable `X`, which is not set");
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    for (body, pairs, expected) in [
        (
            "data:\n  a: x\n  b: ${a.b}\n",
            &[("a", "1")][..],
            "Error data.b 7: neither an operator nor `}` stands behind",
        ),
        ("data:\n  a: ${V}\n", &[("V", "[1")], "Error data.a 6: with its variables put in the text is no YAML"),
        ("data:\n  a: ${V}\n", &[("V", "*secret")], "Error data.a 6: with its variables put in the text is no YAML"),
        (
            "data:\n  a: ${V}\n",
            &[("V", ".nan")],
            "Error  1: with its variables put in it is no object any more: a number",
        ),
        ("data:\n  a: ${V:1}\n", &[("V", "é")], "Error data.a 6: a substring cuts a character in two"),
        ("data:\n  a: ${V:2:9223372036854775807}\n", &[("V", "abc")], "Error data.a 6: the substring lies outside"),
        (
            "data:\n  '1': x\n  ${V}: y\n",
            &[("V", "1")],
            "Error  1: with its variables put in it is no object any more: two keys",
        ),
    ] {
        let told = told(body, pairs);
        assert!(told.len() == 1 && told[0].starts_with(expected), "{body} {told:?}");
        assert!(!told[0].contains("secret"), "{told:?}");
    }
}

#[test]
fn an_object_that_flux_would_lose_is_an_error() {
    let mut items = [object("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \"${N}\"}\n")];
    let findings = substitute(&mut items, &variables(&[("N", "123")]), &Options::default());
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].field, "metadata.name");
}

#[test]
fn operators_that_flux_misunderstands_are_told() {
    let told = told("data:\n  a: ${A:+b}${A:?c}\n", &[("A", "1")]);
    assert_eq!(
        told.iter().filter(|told| told.starts_with("Warning data.a 6: Flux takes `${A:")).count(),
        2,
        "{told:?}"
    );
}

#[test]
fn a_secret_s_text_is_not_shown() {
    let mut items = [object("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {p: \"hun${ter2\"}\n")];
    let findings = substitute(&mut items, &variables(&[("A", "1")]), &Options::default());
    assert_eq!(findings[0].field, "stringData.p");
    assert!(!findings[0].message.contains("ter2"), "{findings:?}");
}

#[test]
fn uses_are_listed_with_places_and_defaults() {
    let item = object(&format!("{HEAD}data:\n  a: ${{X}} ${{Y:-d ${{Z}}}}\n  b: |\n    1\n    ${{X:=}}\n"));
    let (found, told) = uses(&item, &Options::default());
    assert_eq!(told, []);
    let shown: Vec<_> = found
        .iter()
        .map(|Use { name, place, default }| format!("{name} {} {} {default:?}", place.field, place.line))
        .collect();
    assert_eq!(shown, ["X data.a 6 None", "Y data.a 6 Some(\"d ${Z}\")", "Z data.a 6 None", "X data.b 9 Some(\"\")"]);
}

#[test]
fn the_result_prints_as_flux_prints_it() {
    let mut items = [object(&format!("{HEAD}data:\n  b: \"${{X}}\"\n  a: |\n    x ${{X}}\n"))];
    let options =
        Options { dialect: Dialect::Flux, strict: true, always: true, keys: false, declared: BTreeSet::new() };
    assert!(!substitute(&mut items, &variables(&[("X", "on")]), &options).is_empty());
    let mut out = String::new();
    emit_build(&items[0], &mut out).unwrap();
    assert_eq!(out, "apiVersion: v1\ndata:\n  a: |\n    x on\n  b: true\nkind: ConfigMap\nmetadata:\n  name: web\n");
}
