//! What a set uses and does not bring.

use krm::Origin;
use serde_json::json;

use super::*;
use crate::cluster::Patience;
use crate::cluster::scripted::{Fault, Scripted};

const HASH: &str = "kubectl-gitops.dev/hash.secret.tls";

fn web(annotations: &Value) -> Desired {
    let web = json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "annotations": annotations},
        "spec": {"replicas": 2, "template": {"spec": {"containers": [{"name": "web", "envFrom": [{"secretRef": {"name": "tls"}}]}]}}}});
    Desired::new(web, Origin::default())
}

fn auto() -> Value {
    json!({"reloader.stakater.com/auto": "true"})
}

fn secret_key() -> ObjectKey {
    ObjectKey::new("", "Secret", "shop", "tls")
}

fn put(wire: &Scripted, value: &str) {
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "tls", "namespace": "shop"}, "data": {"k": value}});
    wire.store.borrow_mut().put(secret_key(), secret);
}

fn hash_of(object: &Value) -> Option<&str> {
    object.pointer("/spec/template/metadata/annotations")?.get(HASH)?.as_str()
}

async fn added(wire: &Scripted, set: Vec<Desired>) -> (Vec<Desired>, Sources, Vec<String>) {
    added_by(wire, set, &ContentHash::default()).await
}

async fn added_by(wire: &Scripted, mut set: Vec<Desired>, hash: &ContentHash) -> (Vec<Desired>, Sources, Vec<String>) {
    let cluster = Cluster::new(wire.clone(), Patience::default(), Box::new(|_| {}));
    let mut warnings = Vec::new();
    let sources = add(&cluster, &mut set, std::slice::from_ref(hash), &mut |text| warnings.push(text)).await.unwrap();
    (set, sources, warnings)
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime without I/O can always be made").block_on(test);
}

#[test]
fn a_secret_of_others_rolls_its_users_when_it_changes() {
    run(async {
        let wire = Scripted::new();
        put(&wire, "b25l");
        let (first, sources, _) = added(&wire, vec![web(&auto())]).await;
        let hash = hash_of(&first[0].manifest.open()).expect("a hash").to_owned();
        let version = wire.store.borrow().objects[&secret_key()]["metadata"]["resourceVersion"].clone();
        assert_eq!(sources, [(secret_key(), version.as_str().unwrap().to_owned())].into());
        let (again, ..) = added(&wire, vec![web(&auto())]).await;
        assert_eq!(again, first, "the same content gives the same object");
        // The manifest is otherwise what it was.
        let mut rest = Value::clone(&first[0].manifest.open());
        rest["spec"]["template"].as_object_mut().unwrap().remove("metadata");
        assert_eq!(rest, *web(&auto()).manifest.open());
        put(&wire, "dHdv");
        let (changed, ..) = added(&wire, vec![web(&auto())]).await;
        assert!(hash_of(&changed[0].manifest.open()).is_some_and(|now| now != hash));
    });
}

#[test]
fn it_is_the_hash_that_the_stage_takes_of_what_the_set_brings() {
    run(async {
        let wire = Scripted::new();
        put(&wire, "b25l");
        let (live, ..) = added(&wire, vec![web(&auto())]).await;
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "tls", "namespace": "shop"}, "data": {"k": "b25l"}});
        let mut nodes = [krm::yaml::from_json(&web(&auto()).manifest.open()), krm::yaml::from_json(&secret)];
        ContentHash::default().annotate(&mut nodes.iter_mut().collect::<Vec<_>>()).unwrap();
        assert_eq!(krm::yaml::to_json(&nodes[0]).unwrap(), *live[0].manifest.open());
    });
}

#[test]
fn what_nobody_asks_for_is_not_read() {
    run(async {
        let wire = Scripted::new();
        put(&wire, "b25l");
        let own = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "tls", "namespace": "shop"}, "data": {"k": "b25l"}});
        for set in [vec![web(&json!({}))], vec![web(&auto()), Desired::new(own, Origin::default())]] {
            wire.clear_hook();
            let (after, sources, _) = added(&wire, set.clone()).await;
            assert_eq!((after, sources, wire.sent()), (set, Sources::new(), 0));
        }
    });
}

#[test]
fn what_cannot_be_known_now_leaves_the_hash_that_the_user_has() {
    run(async {
        let wire = Scripted::new();
        put(&wire, "b25l");
        let (first, ..) = added(&wire, vec![web(&auto())]).await;
        wire.store.borrow_mut().put(first[0].key.clone(), Value::clone(&first[0].manifest.open()));
        // Not there.
        wire.store.borrow_mut().remove(&secret_key());
        let (without, sources, warnings) = added(&wire, vec![web(&auto())]).await;
        assert_eq!(without, first);
        assert_eq!((sources, warnings.len()), ([(secret_key(), String::new())].into(), 0));
        // Not to be read.
        put(&wire, "dHdv");
        wire.set_hook(|request, _, _| request.path.contains("/secrets").then_some(Fault::Status(403)));
        let (forbidden, _, warnings) = added(&wire, vec![web(&auto())]).await;
        assert_eq!(forbidden, first);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
    });
}

#[test]
fn many_sources_of_a_namespace_are_one_list_each_kind() {
    run(async {
        let wire = Scripted::new();
        let mut deployment = Value::clone(&web(&auto()).manifest.open());
        let names: Vec<String> = (0..20).map(|number| format!("s{number}")).collect();
        deployment["spec"]["template"]["spec"]["containers"][0]["envFrom"] =
            names.iter().map(|name| json!({"secretRef": {"name": name}})).collect();
        for name in &names {
            let key = ObjectKey::new("", "Secret", "shop", name.as_str());
            let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "shop"}, "data": {"k": "b25l"}});
            wire.store.borrow_mut().put(key, secret);
        }
        wire.clear_hook();
        let (after, sources, _) = added(&wire, vec![Desired::new(deployment, Origin::default())]).await;
        assert_eq!((sources.len(), wire.sent()), (20, 1));
        let after = after[0].manifest.open();
        let annotations = after.pointer("/spec/template/metadata/annotations").unwrap();
        assert_eq!(annotations.as_object().unwrap().len(), 20);
    });
}

/// Reloader's variables stay, too, and in their order: another one would be another template.
#[test]
fn what_cannot_be_known_now_leaves_the_variable_that_the_user_has() {
    run(async {
        let wire = Scripted::new();
        let config = json!({"apiVersion": "kubectl-gitops.dev/v1alpha1", "kind": "ContentHash", "spec": {"reloaderCompatible": "sha1"}});
        let hash = ContentHash::from_config(Some(&krm::yaml::from_json(&config))).unwrap();
        let names = ["a", "tls", "z"];
        let key = |name: &str| ObjectKey::new("", "Secret", "shop", name);
        let put = |name: &str| {
            let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "shop"}, "data": {"k": "b25l"}});
            wire.store.borrow_mut().put(key(name), secret);
        };
        for name in names {
            put(name);
        }
        let set = || {
            let mut web = web(&auto());
            let container = &mut web.manifest.make_mut()["spec"]["template"]["spec"]["containers"][0];
            container["env"] = json!([{"name": "MODE", "value": "fast"}]);
            container["envFrom"] = names.iter().map(|name| json!({"secretRef": {"name": name}})).collect();
            vec![web]
        };
        let env = |objects: &[Desired]| {
            objects[0].manifest.open()["spec"]["template"]["spec"]["containers"][0]["env"].clone()
        };
        let (first, ..) = added_by(&wire, set(), &hash).await;
        let all: Vec<Value> = env(&first).as_array().unwrap().iter().map(|variable| variable["name"].clone()).collect();
        assert_eq!(all, ["MODE", "STAKATER_A_SECRET", "STAKATER_TLS_SECRET", "STAKATER_Z_SECRET"]);
        // Live there is one more, which a webhook put in.
        let mut live = first[0].manifest.open().as_ref().clone();
        live["spec"]["template"]["spec"]["containers"]
            .as_array_mut()
            .unwrap()
            .insert(0, json!({"name": "proxy", "env": [{"name": "X", "value": "1"}]}));
        wire.store.borrow_mut().put(first[0].key.clone(), live);
        for away in [&["tls"][..], &["a", "z"], &["a", "tls"], &names] {
            for name in away {
                drop(wire.store.borrow_mut().remove(&key(name)));
            }
            let (without, ..) = added_by(&wire, set(), &hash).await;
            assert_eq!(env(&without), env(&first), "{away:?} away");
            for name in names {
                put(name);
            }
        }
        // Of a user that has none there is none to keep.
        wire.store.borrow_mut().remove(&first[0].key);
        wire.store.borrow_mut().remove(&key("tls"));
        let (without, ..) = added_by(&wire, set(), &hash).await;
        assert_eq!(env(&without).as_array().unwrap().len(), 3);
    });
}
