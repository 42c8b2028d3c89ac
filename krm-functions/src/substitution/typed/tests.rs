//! What the dialect `typed` does with texts and objects.

use std::collections::BTreeSet;

use krm::yaml::{Limits, emit_function, parse_documents};
use krm::{Masked, Node};

use super::super::{Dialect, Options, Variables, substitute};

fn object(text: &str) -> Node {
    parse_documents(text, "in.yaml", &Limits::default()).unwrap().remove(0).root
}

fn options() -> Options {
    Options {
        dialect: Dialect::Typed,
        strict: true,
        declared: ["unset"].into_iter().map(str::to_owned).collect::<BTreeSet<_>>(),
        ..Options::default()
    }
}

const HEAD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n";

fn filled_with(body: &str, options: &Options) -> (String, Vec<String>) {
    let mut variables = Variables::default();
    for (name, value) in [
        ("a", "abc/def.txt"),
        ("b", "XY"),
        ("n", "3"),
        ("flag", "true"),
        ("version", "1.10"),
        ("list", "[1, \"x\"]"),
        ("lines", "one\ntwo\n"),
        ("empty", ""),
        ("quote", "it's"),
        ("wide", "äöü"),
        ("REGION", "eu"),
    ] {
        variables.set(name, Masked::new(value.to_owned()), "the test");
    }
    let mut items = [object(&format!("{HEAD}{body}"))];
    let findings = substitute(&mut items, &variables, options);
    let mut out = String::new();
    emit_function(&items[0], &mut out).unwrap();
    let told = findings.iter().map(|f| format!("{:?} {} {}: {}", f.severity, f.field, f.line, f.message)).collect();
    (out.strip_prefix(HEAD).unwrap_or(&out).to_owned(), told)
}

fn filled(body: &str) -> (String, Vec<String>) {
    filled_with(body, &options())
}

/// One text, filled in.
fn text(template: &str) -> String {
    let (out, told) = filled(&format!("data: {}\n", serde_json::Value::from(template)));
    let errors: Vec<_> = told.into_iter().filter(|told| told.starts_with("Error")).collect();
    if let [error] = errors.as_slice() {
        return error.clone();
    }
    object(&out).str_at(&["data"]).unwrap_or_default().to_owned()
}

#[test]
fn a_shell_s_operators() {
    for (template, expected) in [
        ("${a}", "abc/def.txt"),
        ("x ${a} $a $(a) `a`", "x abc/def.txt $a $(a) `a`"),
        ("${#wide}", "3"),
        ("${empty:-d}|${empty-d}|${unset-d}|${unset:=d}", "d||d|d"),
        ("${empty:+x}|${empty+x}|${a:+x}|${unset+x}", "|x|x|"),
        ("${a:?missing}", "abc/def.txt"),
        ("${empty?missing}", ""),
        ("${unset:-${b}-${n}}", "XY-3"),
        ("${unset:-a\\}b\\$c}", "a}b$c"),
        ("${unset:-${other}}", "${other}"),
        ("${wide:1}|${wide:0:2}|${wide: -1}|${wide:(-2):1}|${wide:1:-1}|${wide::1}|${wide:9}", "öü|äö|ü|ö|ö|ä|"),
        ("${a:${n}:1}", "/"),
        ("${a#*/}|${a##*.}|${a%/*}|${a%%.*}|${a#[a-b]}", "def.txt|txt|abc|abc/def|bc/def.txt"),
        (
            "${a/[bd]/X}|${a//[bd]/X}|${a/#abc/X}|${a/%.*/X}|${a/x/y}|${a//\\//-}",
            "aXc/def.txt|aXc/Xef.txt|X/def.txt|abc/defX|abc/def.tyt|abc-def.txt",
        ),
        ("${a/b}|${b/#/>}|${b/%/<}", "ac/def.txt|>XY|XY<"),
        ("${a^}|${a^^}|${b,}|${b,,}|${a^^[ad]}", "Abc/def.txt|ABC/DEF.TXT|xY|xy|Abc/Def.txt"),
        ("${a@U}|${a@u}|${b@L}|${quote@Q}", "ABC/DEF.TXT|Abc/def.txt|xy|'it'\\''s'"),
        ("$${a} ${other} ${other:-${b}} $$ ${a.b}", "${a} ${other} ${other:-XY} $$ ${a.b}"),
        ("${lines}", "one\ntwo"),
    ] {
        assert_eq!(text(template), expected, "{template}");
    }
}

#[test]
fn what_cannot_be_done_is_told() {
    for (template, expected) in [
        ("${unset}", "Error data 5: the variable `unset` is not set"),
        ("${unset?set it: ${b}}", "Error data 5: the variable `unset` must be set: set it: ${b}"),
        ("${a", "Error data 5: the expansion of `a` cannot be read: its `}` is missing"),
        ("${a:x}", "Error data 5: the offset of `a` is no whole number"),
        ("${a:4:-9}", "Error data 5: the substring of `a` ends before it starts"),
        ("${a@int}", "Error data 5: the value of `a` is not a whole number"),
        ("x${n@int}", "Error data 5: `n` can only become another kind where nothing else stands in the field"),
    ] {
        assert_eq!(text(template), expected, "{template}");
    }
}

#[test]
fn texts_stay_texts_unless_a_kind_is_asked_for() {
    let body = "data: # kept\n  version: ${version} # why\n  quoted: '${flag}'\n  n: ${n@int}\n  flag: ${flag@bool} # on\n  list: \
                ${list@json}\n  default: ${unset@int:-2}\n  number: ${version@number}\n  lines: ${lines}\n";
    let (out, told) = filled(body);
    assert_eq!(
        out,
        "data: # kept\n  version: \"1.10\" # why\n  quoted: 'true'\n  n: 3\n  flag: true # on\n  list:\n  - 1\n  - x\n  default: 2\n  \
         number: 1.10\n  lines: |-\n    one\n    two\n"
    );
    assert_eq!(told[0], "Info data.version 6: put in `version`");
}

#[test]
fn foreign_expressions_survive_and_near_names_are_told() {
    let body =
        "data:\n  script: |\n    #!/bin/sh\n    echo ${1} ${PATH:-x} ${arr[@]} $$ ${REGON}\n    ${a:=b\n    c}\n";
    let (out, told) = filled(body);
    assert_eq!(out, body.replace("${a:=b\n    c}", "abc/def.txt"));
    assert_eq!(
        told,
        [
            "Warning data.script 8: `REGON` is not declared and left as it is, did you mean `REGION`?",
            "Info data.script 9: put in `a`"
        ]
    );
}

#[test]
fn keys_are_left_alone_unless_asked_for() {
    let body = "data:\n  ${b}: ${b}\n";
    assert_eq!(filled(body).0, "data:\n  ${b}: XY\n");
    let with_keys = Options { keys: true, ..options() };
    assert_eq!(filled_with(body, &with_keys).0, "data:\n  XY: XY\n");
    let twice = filled_with("data:\n  ${b}: 1\n  XY: 2\n", &with_keys).1;
    assert_eq!(twice, ["Error data[${b}] 6: with its variables put in, the key is there twice"]);
}

#[test]
fn without_strict_nothing_stands_for_what_is_not_set() {
    let (out, told) = filled_with("data:\n  a: x${unset}y\n", &Options { strict: false, ..options() });
    assert_eq!(out, "data:\n  a: xy\n");
    assert_eq!(told[0], "Warning data.a 6: nothing stands for the variable `unset`, which is not set");
}
