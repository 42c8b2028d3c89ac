//! The language, by what its specification says.

use serde_json::json;

use super::*;

fn object() -> Value {
    json!({
        "metadata": {"name": "db", "generation": 3, "labels": {"app.kubernetes.io/name": "db"}},
        "spec": {"replicas": 3, "share": 0.5, "items": []},
        "status": {"phase": "Running", "readyReplicas": 3, "conditions": [
            {"type": "Ready", "status": "True", "reason": "Up"},
            {"type": "Stalled", "status": "False"},
        ]},
    })
}

fn value(text: &str) -> Result<Value, String> {
    let expression = Expression::parse(text).map_err(|error| format!("parse: {error}"))?;
    eval::eval(&expression.0, &object()).map_err(|error| error.to_string())
}

#[test]
fn expressions_have_the_values_of_the_specification() {
    for (text, expected) in [
        ("status.phase == 'Running'", json!(true)),
        ("status.conditions.filter(e, e.type == 'Ready').all(e, e.status == 'True')", json!(true)),
        ("status.conditions.exists(c, c.type == \"Stalled\" && c.status == \"True\")", json!(false)),
        ("status.conditions.exists_one(c, c.status == 'True')", json!(true)),
        ("status.conditions.map(c, c.type)", json!(["Ready", "Stalled"])),
        ("status.conditions.map(c, c.status == 'True', c.reason)", json!(["Up"])),
        ("size(status.conditions) > 1 && status.conditions[0].type == 'Ready'", json!(true)),
        ("has(status.observedGeneration) && status.observedGeneration == metadata.generation", json!(false)),
        ("has(status.phase)", json!(true)),
        ("spec.replicas == status.readyReplicas ? 'all' : 'some'", json!("all")),
        ("metadata.labels['app.kubernetes.io/name']", json!("db")),
        ("'app.kubernetes.io/name' in metadata.labels", json!(true)),
        ("status.phase in ['Running', 'Done']", json!(true)),
        ("1 + 2 * 3 - 4 / 2", json!(5)),
        ("-7 / 2", json!(-3)),
        ("-7 % 3", json!(-1)),
        ("(1 + 2) * 3", json!(9)),
        ("10 - 3 - 2", json!(5)),
        ("0x1F", json!(31)),
        ("1.5e2", json!(150.0)),
        ("1 == 1.0 && 2u == 2", json!(true)),
        ("spec.share * 2.0", json!(1.0)),
        ("[1, 2] + [3]", json!([1, 2, 3])),
        ("{'a': 1}.a", json!(1)),
        ("'a' + \"b\" + r'\\n' + '\\n\\u0041'", json!("ab\\n\nA")),
        ("'''it's'''", json!("it's")),
        ("status.phase.startsWith('Run') && status.phase.endsWith('ing') && status.phase.contains('nn')", json!(true)),
        ("status.phase.matches('^R.*g$')", json!(true)),
        ("matches(status.phase, '^g')", json!(false)),
        ("status.phase.size()", json!(7)),
        ("'é'.size()", json!(1)),
        ("int('42') + int(1.9)", json!(43)),
        ("string(3) + string(true)", json!("3true")),
        ("double('0.5') == spec.share", json!(true)),
        ("' A,b '.trim().lowerAscii().split(',').join('-')", json!("a-b")),
        ("'a-b'.replace('-', '+')", json!("a+b")),
        ("metadata.labels.all(key, key.contains('/'))", json!(true)),
        ("!(1 > 2) // a comment", json!(true)),
        ("'a' < 'b' && 1 <= 1 && 2 >= 1.5 && false < true", json!(true)),
        ("true || false && false", json!(true)),
        ("null == null", json!(true)),
        ("[] == spec.items", json!(true)),
        ("'1' == 1", json!(false)),
        // An error on one side does not matter where the other decides.
        ("status.missing == 1 || true", json!(true)),
        ("false && status.missing == 1", json!(false)),
        ("status.missing == 1 && false", json!(false)),
        ("status.conditions.exists(c, c.reason == 'Up')", json!(true)),
        ("status.conditions.all(c, c.reason == 'Down')", json!(false)),
        ("true ? 1 : status.missing", json!(1)),
    ] {
        assert_eq!(value(text), Ok(expected), "{text}");
    }
}

#[test]
fn what_has_no_value_says_why() {
    for (text, expected) in [
        ("status.missing == 1", "there is no field `missing`"),
        ("has(nothing.there)", "there is no `nothing`"),
        ("nothing", "there is no `nothing`"),
        ("status.conditions[7].type", "there is no item 7"),
        ("status.phase.type", "`type` is asked of what is no map"),
        ("status.missing == 1 || false", "there is no field `missing`"),
        ("1 + 'a'", "an operator stands between values that it is not for"),
        ("1 / 0", "a number is too large, or divided by zero"),
        ("9223372036854775807 + 1", "a number is too large, or divided by zero"),
        ("1 < 'a'", "values of different types have no order"),
        ("!1", "a condition is neither true nor false"),
        ("int('x')", "a value cannot be converted"),
        ("status.conditions.all(c, c.reason == 'Up')", "there is no field `reason`"),
        ("size(1)", "`size` needs a string, a list or a map"),
    ] {
        assert_eq!(value(text), Err(expected.to_owned()), "{text}");
    }
    assert!(Expression::parse("1").unwrap().holds(&object()).is_err());
}

#[test]
fn what_is_no_expression_is_refused_when_it_is_read() {
    for (text, expected) in [
        ("", "the expression ends too early"),
        ("a ==", "the expression ends too early"),
        ("a b", "`b` stands where it has no meaning"),
        ("(a", "the expression ends too early"),
        ("a = b", "`=` has no meaning in an expression"),
        ("'a", "a string does not end"),
        ("'\\q'", "a string holds an escape that does not exist"),
        ("b'a'", "strings with the prefix `b` are not supported"),
        ("99999999999999999999", "`99999999999999999999` is no number"),
        ("timestamp('x')", "there is no function `timestamp` here"),
        ("status.?ready", "optional fields (`.?`) are not supported: use has()"),
        ("has(status)", "`has` needs a field, as in has(status.ready)"),
        ("a.all(1, true)", "`all` needs a name and an expression"),
        ("a.startsWith()", "`startsWith` has 1 arguments, not 0"),
        ("a.matches('(')", "a pattern of `matches` cannot be used"),
        ("for", "`for` is a reserved word"),
        ("[1, 2", "the expression ends too early"),
    ] {
        assert_eq!(value(text), Err(format!("parse: {expected}")), "{text}");
    }
}

#[test]
fn no_expression_takes_long_or_deep() {
    for text in [
        "(".repeat(8000),
        "!".repeat(8000),
        "[".repeat(8000),
        format!("1{}", "+1".repeat(3000)),
        "a".repeat(9000),
        format!("a{}", ".a".repeat(3000)),
        format!("{}1", "1?".repeat(3000)),
        "-".repeat(8000),
    ] {
        assert!(value(&text).is_err());
    }
    let tens = "[1,2,3,4,5,6,7,8,9,10]";
    let deep = (0..6).fold("true".to_owned(), |inner, level| format!("{tens}.all(x{level}, {inner})"));
    assert_eq!(value(&deep), Err(TOO_MUCH.to_owned()));
}

const TOO_MUCH: &str = "the expression takes too many steps, or makes too large values";

#[test]
fn no_value_grows_without_end() {
    let text = "'0123456789'";
    let doubled =
        |times: usize| (0..times).fold(text.to_owned(), |inner, _| format!("{inner}.replace('', 'xxxxxxxxxxxxxxxx')"));
    assert!(value(&doubled(2)).is_ok());
    for (expression, expected) in [
        (doubled(20), "a text would be too large"),
        (
            format!(
                "[{}].map(a, [a, a, a, a]).map(b, [b, b, b, b]).map(c, [c, c, c, c]).map(d, [d, d])",
                vec!["0"; 3000].join(",")
            ),
            TOO_MUCH,
        ),
        (format!("[{}].join({})", vec!["'x'"; 1000].join(","), doubled(3)), "a text would be too large"),
        (
            format!(
                "[{text}].map(a, {}).map(b, b + b + b + b).map(c, c + c + c + c).map(d, d + d + d + d)",
                doubled(3)
            ),
            TOO_MUCH,
        ),
    ] {
        assert_eq!(value(&expression).map(drop), Err(expected.to_owned()), "{}", &expression[..80]);
    }
}
