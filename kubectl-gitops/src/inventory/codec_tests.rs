//! The codec's laws: what was stored is read back, and nothing damaged is ever read as less than it was.

use std::collections::BTreeMap;

use krm::ObjectKey;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::inventory::digest::desired_hash;
use crate::inventory::{
    Entry, Inventory, InventoryId, Left, Lock, Phase, RootRef, RunRecord, RunResult, Source, State, marks,
};

fn sized(objects: usize) -> Inventory {
    let mut inventory = Inventory::new(InventoryId::from_bytes([9; 16]), RootRef::of_set("shop", "prod"));
    for index in 0..objects {
        let hash = desired_hash(&Value::from(index));
        let entry = Entry {
            version: "v1".into(),
            // Random in reality: hexadecimal digits of a hash compress as badly.
            uid: Some(format!("{hash}{}", &hash.to_string()[..8])),
            state: State::Owned,
            adopted: index % 7 == 0,
            desired_hash: Some(hash),
            live_digest: Some(desired_hash(&Value::from(format!("{index}")))),
        };
        inventory.entries.insert(ObjectKey::new("apps", "Deployment", "shop", format!("web-{index:05}")), entry);
    }
    inventory
}

fn stored(encoded: &Encoded) -> BTreeMap<String, Value> {
    encoded.shards.iter().map(|shard| (shard.name.clone(), shard.config_map.clone())).collect()
}

fn read_back(inventory: &Inventory) -> Inventory {
    let encoded = encode(inventory).unwrap();
    decode(&encoded.root, &stored(&encoded)).unwrap()
}

fn size(config_map: &Value) -> usize {
    serde_json::to_vec(config_map).unwrap().len()
}

#[test]
fn a_small_set_is_readable() {
    let mut inventory = sized(2);
    inventory.revision = "main@sha1:4f2c9a1".into();
    inventory.last = Some(RunRecord {
        run_id: "7f3a".into(),
        time: "2026-01-01T00:00:00Z".into(),
        revision: "main@sha1:4f2c9a1".into(),
        result: RunResult::Succeeded,
        message: "2 created".into(),
    });
    let root = encode(&inventory).unwrap().root;
    insta::assert_snapshot!(serde_json::to_string_pretty(&root).unwrap());
}

#[test]
fn sizes_are_what_small_clusters_can_bear() {
    for (objects, sharded) in [(0, false), (50, false), (100, false), (1_000, true), (12_000, true), (20_000, true)] {
        let inventory = sized(objects);
        let encoded = encode(&inventory).unwrap();
        assert_eq!(encoded.shards.is_empty(), !sharded, "{objects}");
        let root_max = if sharded { 4 * 1024 } else { READABLE_MAX + 4 * 1024 };
        assert!(size(&encoded.root) <= root_max, "{objects}: root of {}", size(&encoded.root));
        for shard in &encoded.shards {
            // A ConfigMap may hold 1 MiB of values; base64 is decoded before that is counted, but be within it anyway.
            assert!(size(&shard.config_map) < 1024 * 1024, "{objects}: shard of {}", size(&shard.config_map));
        }
        assert_eq!(read_back(&inventory), inventory, "{objects}");
    }
}

#[test]
fn a_changed_object_rewrites_one_shard() {
    let before = sized(12_000);
    let mut after = before.clone();
    after.entries.first_entry().unwrap().get_mut().uid = Some("other".into());
    let (before, after) = (stored(&encode(&before).unwrap()), stored(&encode(&after).unwrap()));
    assert_eq!(after.keys().filter(|name| !before.contains_key(*name)).count(), 1);
    assert!(before.len() > 1);
}

#[test]
fn a_set_beyond_the_format_is_an_error() {
    let mut inventory = sized(64);
    let names: Vec<ObjectKey> = inventory.entries.keys().cloned().collect();
    for key in names {
        inventory.entries.get_mut(&key).unwrap().uid = Some("x".repeat(2 * 1024 * 1024));
    }
    assert_eq!(encode(&inventory), Err(EncodeError::TooLarge { objects: 64 }));
}

#[test]
fn a_replacement_keeps_what_others_wrote() {
    let mut previous = encode(&sized(1)).unwrap().root;
    previous["metadata"]["uid"] = "u".into();
    previous["metadata"]["resourceVersion"] = "7".into();
    previous["metadata"]["labels"]["team"] = "a".into();
    previous["metadata"]["labels"]["kubectl-gitops.dev/ready"] = "false".into();
    previous["metadata"]["annotations"] = serde_json::json!({"note": "b"});
    let root = encode_over(&sized(2), &previous).unwrap().root;
    assert_eq!((&root["metadata"]["uid"], &root["metadata"]["resourceVersion"]), (&"u".into(), &"7".into()));
    assert_eq!(
        (&root["metadata"]["labels"]["team"], &root["metadata"]["annotations"]["note"]),
        (&"a".into(), &"b".into())
    );
    assert_eq!(root["metadata"]["labels"]["kubectl-gitops.dev/ready"], "unknown");
    assert_eq!(decode(&root, &BTreeMap::new()).unwrap(), sized(2));
}

#[test]
fn damage_is_an_error_and_never_less() {
    type Damage = fn(&mut Value);
    let data = |root: &mut Value, name: &str, value: &str| root["data"][name] = value.into();
    let cases: &[(&str, Damage)] = &[
        ("is not an inventory", |r| drop(r["metadata"]["labels"].as_object_mut().unwrap().remove(marks::ROOT_LABEL))),
        ("has format `2`", |r| r["data"]["format"] = "2".into()),
        ("`format` is missing", |r| drop(r["data"].as_object_mut().unwrap().remove("format"))),
        ("`format` is missing", |r| drop(r.as_object_mut().unwrap().remove("data"))),
        ("`entries` is missing", |r| drop(r["data"].as_object_mut().unwrap().remove("entries"))),
        ("line 1 of the entries is damaged", |r| r["data"]["entries"] = "x".into()),
        ("`objects` is not the number", |r| r["data"]["entries"] = "".into()),
        ("`objects` is not the number", |r| {
            let first = r["data"]["entries"].as_str().unwrap().lines().next().unwrap().to_owned();
            r["data"]["entries"] = first.into();
        }),
        ("twice", |r| {
            let text = r["data"]["entries"].as_str().unwrap().to_owned();
            r["data"]["entries"] = format!("{text}{text}").into();
        }),
        ("`phase` is no known phase", |r| r["data"]["phase"] = "resting".into()),
        ("`id` is not an inventory id", |r| r["data"]["id"] = "7".into()),
        ("`lock.renew` is missing", |r| r["data"]["lock.holder"] = "me".into()),
        ("`source` is no known kind", |r| r["data"]["source"] = "tape".into()),
        ("`history` is damaged", |r| r["data"]["history"] = "once".into()),
        ("stands beside shards", |r| r["data"]["shards"] = "".into()),
        ("`shards` is damaged", |r| {
            r["data"].as_object_mut().unwrap().remove("entries");
            r["data"]["shards"] = "gitops-prod-x y 1".into();
        }),
    ];
    for (expected, damage) in cases {
        let mut root = encode(&sized(3)).unwrap().root;
        damage(&mut root);
        let error = decode(&root, &BTreeMap::new()).map(|inventory| inventory.entries.len()).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
    let mut root = encode(&sized(3)).unwrap().root;
    data(&mut root, "foreign", "kept out");
    assert_eq!(decode(&root, &BTreeMap::new()).unwrap(), sized(3));
}

#[test]
fn a_damaged_shard_is_an_error() {
    let encoded = encode(&sized(5_000)).unwrap();
    let whole = stored(&encoded);
    let name = encoded.shards[0].name.clone();
    let other = encoded.shards[1].config_map.clone();
    let replace = |config_map: Option<Value>| {
        let mut shards = whole.clone();
        match config_map {
            Some(config_map) => shards.insert(name.clone(), config_map),
            None => shards.remove(&name),
        };
        decode(&encoded.root, &shards).unwrap_err().to_string()
    };
    assert_eq!(replace(None), format!("shard {name} is missing"));
    assert_eq!(replace(Some(other)), format!("shard {name} is damaged: its hash is another one"));
    assert_eq!(replace(Some(Value::Null)), format!("shard {name} is damaged: it has no entries"));
    let bomb = {
        use base64::Engine as _;
        let raw = miniz_oxide::deflate::compress_to_vec(&vec![b'x'; 64 << 20], 1);
        serde_json::json!({"binaryData": {"entries.deflate": base64::engine::general_purpose::STANDARD.encode(raw)}})
    };
    assert_eq!(replace(Some(bomb)), format!("shard {name} is damaged: it does not decompress"));
}

#[test]
fn revisions_become_labels() {
    for (revision, label) in [
        ("main@sha1:4f2c9a1", "main-sha1-4f2c9a1"),
        ("", ""),
        ("-x-", "x"),
        ("päckchen/v1.0.0", "p-ckchen-v1.0.0"),
        (&"a".repeat(70), &"a".repeat(63)),
    ] {
        let inventory = Inventory { revision: revision.to_owned(), ..sized(0) };
        assert_eq!(encode(&inventory).unwrap().root["metadata"]["labels"][marks::REVISION_LABEL], label);
    }
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9.-]{0,12}", "\\PC{0,8}", Just("-".to_owned()), Just("%".to_owned()), "[ \\n\\t%\u{2028}]{0,3}"]
}

fn key() -> impl Strategy<Value = ObjectKey> {
    // What an API server admits: a kind without dots, names without slashes and percent signs, anything else goes.
    let part = "[^/]{1,9}";
    ("[a-z.]{0,8}", "[A-Za-z]{1,9}", prop_oneof![Just(String::new()), part.prop_map(String::from)], part)
        .prop_map(|(group, kind, namespace, name)| ObjectKey::new(group, kind, namespace, name))
}

fn entry() -> impl Strategy<Value = Entry> {
    let digest = || prop::option::of(any::<u32>().prop_map(|seed| desired_hash(&Value::from(seed))));
    let state = prop::sample::select(vec![State::Intent, State::Owned, State::Pruning]);
    (word(), prop::option::of(word()), state, any::<bool>(), digest(), digest()).prop_map(
        |(version, uid, state, adopted, desired_hash, live_digest)| Entry {
            version,
            uid,
            state,
            adopted,
            desired_hash,
            live_digest,
        },
    )
}

fn record() -> impl Strategy<Value = RunRecord> {
    let result = prop::sample::select(vec![
        RunResult::Succeeded,
        RunResult::Failed,
        RunResult::Unhealthy,
        RunResult::Interrupted,
    ]);
    (word(), word(), word(), result, "[^-%]{0,20}").prop_map(|(run_id, time, revision, result, message)| RunRecord {
        run_id,
        time,
        revision,
        result,
        message,
    })
}

prop_compose! {
    fn inventory()(
        id in any::<[u8; 16]>(), texts in prop::array::uniform6(word()), set in "[a-z0-9.-]{0,12}", phase in prop::sample::select(vec![Phase::Stable, Phase::Applying, Phase::Pruning]),
        lock in prop::option::of((word(), any::<u64>(), any::<u32>())),
        source in prop::option::of(prop_oneof![
            Just(Source::Files), word().prop_map(|path| Source::Directory { path }),
            (word(), word()).prop_map(|(url, path)| Source::Git { url, path })]),
        last in prop::option::of(record()), history in prop::collection::vec(record(), 0..5),
        entries in prop::collection::btree_map(key(), entry(), 0..40), reload in prop::collection::btree_set(key(), 0..4),
        sources in prop::collection::btree_map(key(), "[0-9]{0,5}", 0..3),
        left in prop::collection::btree_map(key().prop_map(|key| key.group_kind()), "v[1-9]{1,3}", 0..3), repeat in 0_usize..20, flags in any::<(bool, bool, bool)>(),
    ) -> Inventory {
        let [run_id, revision, attempted, inputs_digest, driver, full] = texts;
        let mut inventory = Inventory::new(InventoryId::from_bytes(id), RootRef::of_set("ns", &set));
        // Repeated under other names, so that both forms of storage are met.
        for round in 0..=repeat {
            for (key, entry) in &entries {
                let name = format!("{}{round}", key.name);
                inventory.entries.insert(ObjectKey { name: name.into(), ..key.clone() }, entry.clone());
            }
        }
        Inventory {
            run_id, phase, lock: lock.map(|(holder, renew, ttl_s)| Lock { holder, renew, ttl_s }), source, revision, attempted,
            inputs_digest, driver, full, suspended: flags.0, last, history, reload, rebuilt: flags.1, sources,
            left: Left { kinds: left, shards: flags.2 }, ..inventory
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_stored_is_read_back(inventory in inventory()) {
        prop_assert_eq!(read_back(&inventory), inventory);
    }

    #[test]
    fn the_stored_form_is_one(inventory in inventory()) {
        prop_assert_eq!(encode(&inventory), encode(&inventory.clone()));
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}") {
        let mut root = encode(&sized(0)).unwrap().root;
        for name in ["entries", "history", "shards", "lock.holder"] {
            root["data"][name] = text.clone().into();
        }
        prop_assert!(decode(&root, &BTreeMap::new()).is_err() || text.is_empty());
        root["data"].as_object_mut().unwrap().remove("entries");
        prop_assert!(decode(&root, &BTreeMap::new()).is_err());
    }
}
