//! The drift cases that decide the skip rule: which edits of a live object must be seen, and which must not.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// A Deployment after our apply and a controller's status update.
fn live() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {
            "name": "web", "namespace": "shop", "uid": "u1", "resourceVersion": "10", "generation": 1,
            "labels": {"app": "web"},
            "annotations": {"kubectl-gitops.dev/owner": "ab", "deployment.kubernetes.io/revision": "1"},
            "finalizers": ["ours/one"],
            "managedFields": [
                {"manager": "kubectl-gitops", "operation": "Apply", "apiVersion": "apps/v1", "time": "2026-01-01T00:00:00Z",
                 "fieldsType": "FieldsV1", "fieldsV1": {
                    "f:metadata": {"f:labels": {"f:app": {}}, "f:annotations": {"f:kubectl-gitops.dev/owner": {}},
                                   "f:finalizers": {"v:\"ours/one\"": {}}},
                    "f:spec": {"f:replicas": {}, "f:selector": {}, "f:template": {"f:spec": {"f:containers": {
                        "k:{\"name\":\"web\"}": {".": {}, "f:name": {}, "f:image": {}, "f:args": {},
                            "f:env": {"k:{\"name\":\"MODE\"}": {".": {}, "f:name": {}, "f:value": {}}},
                            "f:ports": {"k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}}},
                            "f:resources": {"f:limits": {"f:cpu": {}}}}}}}}}},
                {"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "apps/v1", "subresource": "status",
                 "fieldsType": "FieldsV1", "fieldsV1": {"f:status": {"f:replicas": {}}}}
            ]
        },
        "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": {"spec": {"containers": [
            {"name": "web", "image": "web:1", "args": ["-a", "-b"], "env": [{"name": "MODE", "value": "prod"}],
             "ports": [{"containerPort": 80, "protocol": "TCP"}], "resources": {"limits": {"cpu": "1"}},
             "terminationMessagePath": "/dev/termination-log"}]}}},
        "status": {"replicas": 3}
    })
}

const CONTAINER: &str = "/spec/template/spec/containers/0";

fn set(object: &mut Value, pointer: &str, value: Value) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = object.pointer_mut(parent).unwrap();
    parent.as_object_mut().unwrap().insert(name.replace("~1", "/"), value);
}

fn push(object: &mut Value, pointer: &str, value: Value) {
    object.pointer_mut(pointer).unwrap().as_array_mut().unwrap().insert(0, value);
}

/// Name, edit, must it be seen.
type Case = (&'static str, fn(&mut Value), bool);

const CASES: &[Case] = &[
    ("status update", |o| set(o, "/status/replicas", json!(2)), false),
    ("foreign label", |o| set(o, "/metadata/labels/team", json!("x")), false),
    (
        "restart annotation by kubectl",
        |o| set(o, "/spec/template/metadata", json!({"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}})),
        false,
    ),
    ("injected sidecar in front", |o| push(o, "/spec/template/spec/containers", json!({"name": "proxy"})), false),
    ("foreign env in front", |o| push(o, &format!("{CONTAINER}/env"), json!({"name": "X", "value": "1"})), false),
    ("foreign finalizer", |o| push(o, "/metadata/finalizers", json!("theirs/two")), false),
    ("defaulted field appears", |o| set(o, &format!("{CONTAINER}/imagePullPolicy"), json!("Always")), false),
    (
        "co-owner with an equal value",
        |o| {
            push(
                o,
                "/metadata/managedFields",
                json!({"manager": "other", "operation": "Apply", "apiVersion": "apps/v1",
                "fieldsV1": {"f:spec": {"f:replicas": {}}}}),
            );
        },
        false,
    ),
    (
        "resourceVersion, generation and times",
        |o| {
            set(o, "/metadata/resourceVersion", json!("11"));
            set(o, "/metadata/generation", json!(2));
            set(o, "/metadata/managedFields/0/time", json!("2026-02-02T00:00:00Z"));
        },
        false,
    ),
    ("scaled by another manager", |o| set(o, "/spec/replicas", json!(5)), true),
    ("our label edited", |o| set(o, "/metadata/labels/app", json!("other")), true),
    (
        "our label removed",
        |o| {
            o["metadata"]["labels"].as_object_mut().unwrap().remove("app");
        },
        true,
    ),
    (
        "our annotation removed",
        |o| {
            o["metadata"].as_object_mut().unwrap().remove("annotations");
        },
        true,
    ),
    ("our env edited", |o| set(o, &format!("{CONTAINER}/env/0/value"), json!("dev")), true),
    ("our container removed", |o| set(o, "/spec/template/spec/containers", json!([])), true),
    ("atomic args edited", |o| set(o, &format!("{CONTAINER}/args"), json!(["-a"])), true),
    ("atomic selector extended", |o| set(o, "/spec/selector/matchLabels/x", json!("y")), true),
    ("our finalizer removed", |o| set(o, "/metadata/finalizers", json!([])), true),
    (
        "image taken by a forced apply of another manager",
        |o| {
            let fields = "/metadata/managedFields/0/fieldsV1/f:spec/f:template/f:spec/f:containers";
            o.pointer_mut(fields).unwrap()["k:{\"name\":\"web\"}"].as_object_mut().unwrap().remove("f:image");
        },
        true,
    ),
    (
        "entry rewritten in another API version",
        |o| {
            set(o, "/metadata/managedFields/0/apiVersion", json!("apps/v1beta2"));
        },
        true,
    ),
];

#[test]
fn drift_is_seen_and_noise_is_not() {
    let before = live_digest(&live()).unwrap();
    for (name, edit, seen) in CASES {
        let mut object = live();
        edit(&mut object);
        assert_eq!(live_digest(&object) != Some(before), *seen, "{name}");
    }
}

/// What an object gives away may go to whom it will; that it is there counts.
#[test]
fn what_is_given_away_is_nobody_s_drift() {
    let giving = |edit: fn(&mut Value)| {
        let mut object = live();
        let fields = format!("/spec/replicas, {CONTAINER}/args, {CONTAINER}/resources");
        set(&mut object, "/metadata/annotations/kubectl-gitops.dev~1ignore-fields", json!(fields));
        edit(&mut object);
        live_digest(&object).unwrap()
    };
    let take: fn(&mut Value) = |o| {
        set(o, "/spec/replicas", json!(7));
        set(o, &format!("{CONTAINER}/resources"), json!({"limits": {"cpu": "2"}}));
        let spec = o.pointer_mut("/metadata/managedFields/0/fieldsV1/f:spec").unwrap();
        spec.as_object_mut().unwrap().remove("f:replicas");
        let container = &mut spec["f:template"]["f:spec"]["f:containers"]["k:{\"name\":\"web\"}"];
        container.as_object_mut().unwrap().remove("f:resources");
    };
    let cases: [Case; 6] = [
        ("nothing", |_| {}, false),
        ("taken by others", take, false),
        ("an atomic list of it edited", |o| set(o, &format!("{CONTAINER}/args"), json!(["-x"])), false),
        ("another field edited", |o| set(o, &format!("{CONTAINER}/image"), json!("web:2")), true),
        ("taken away", |o| drop(o["spec"].as_object_mut().unwrap().remove("replicas")), true),
        (
            "no longer given away",
            |o| drop(o["metadata"]["annotations"].as_object_mut().unwrap().remove("kubectl-gitops.dev/ignore-fields")),
            true,
        ),
    ];
    let before = giving(|_| {});
    for (name, edit, seen) in cases {
        assert_eq!(giving(edit) != before, seen, "{name}");
    }
}

#[test]
fn wiped_managed_fields_leave_no_digest() {
    let mut object = live();
    set(&mut object, "/metadata/managedFields", json!([]));
    assert_eq!(live_digest(&object), None);
    object["metadata"].as_object_mut().unwrap().remove("managedFields");
    assert_eq!(live_digest(&object), None);
}

#[test]
fn an_update_entry_with_our_name_is_not_ours() {
    let mut object = live();
    set(&mut object, "/metadata/managedFields/0/operation", json!("Update"));
    assert_eq!(live_digest(&object), None);
}

#[test]
fn steps_lead_to_their_values() {
    let object = json!({"l": [{"name": "a", "port": 1}, {"name": "a", "port": 2, "x": 9}], "s": ["p", "q"]});
    let list = fieldsv1_child(&object, "f:l").unwrap();
    assert_eq!(fieldsv1_child(list, r#"k:{"name":"a","port":2}"#).unwrap()["x"], 9);
    assert_eq!(fieldsv1_child(list, "i:0").unwrap()["port"], 1);
    assert_eq!(fieldsv1_child(fieldsv1_child(&object, "f:s").unwrap(), "v:\"q\""), Some(&json!("q")));
    for step in ["f:none", "i:7", "i:x", "k:{", "v:", "?", "z:1", r#"k:{"name":"b"}"#] {
        assert_eq!(fieldsv1_child(list, step), None, "{step}");
    }
}

#[test]
fn a_manifest_hash_ignores_the_order_of_keys_and_nothing_else() {
    let hash = |text: &str| desired_hash(&serde_json::from_str(text).unwrap());
    assert_eq!(
        hash(r#"{"a": 1, "b": {"c": [1, "x"], "d": null}}"#),
        hash(r#"{"b": {"d": null, "c": [1, "x"]}, "a": 1}"#)
    );
    let different = [
        r"{}",
        r"[]",
        r#""""#,
        "null",
        "1",
        "1.0",
        r#""1""#,
        r#"{"a": []}"#,
        r#"{"a": {}}"#,
        r#"["a", "b"]"#,
        r#"["ab"]"#,
        r#"[["a"], "b"]"#,
        r#"{"a": "b,c"}"#,
        r#"{"a": "b", "c": null}"#,
    ];
    let mut seen = std::collections::BTreeSet::new();
    for text in different {
        assert!(seen.insert(hash(text)), "{text}");
    }
}

#[test]
fn a_digest_survives_its_text_form() {
    let digest = desired_hash(&json!({"a": 1}));
    assert_eq!(digest.to_string().len(), 24);
    assert_eq!(digest.to_string().parse(), Ok(digest));
    assert!("xyz".parse::<Digest>().is_err());
}

proptest! {
    #[test]
    fn any_field_set_beside_any_value_ends(fields in json_value(), value in json_value()) {
        let object = json!({"a": value, "metadata": {"managedFields": [
            {"manager": "kubectl-gitops", "operation": "Apply", "apiVersion": "v1", "fieldsV1": fields}]}});
        prop_assert_eq!(live_digest(&object), live_digest(&object.clone()));
    }
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z:{}.]{0,4}".prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("(f:|k:|v:|i:|\\.)[a-z0-9\"{}]{0,4}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}
