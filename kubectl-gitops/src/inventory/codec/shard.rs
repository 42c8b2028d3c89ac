//! Shards: entries that outgrew the root. Owns how entries are spread, compressed, named and verified.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use krm::ObjectKey;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::decode::DecodeError;
use super::encode::EncodeError;
use super::line;
use crate::inventory::{Entry, Inventory, RootRef, marks};

/// Text of one shard before compression, in bytes. A ConfigMap holds twice that; a smaller shard is a smaller write.
const RAW_MAX: usize = 512 * 1024;
/// More shards than this do not fit into a root that stays small (about 200 000 objects).
const COUNT_MAX: usize = 64;
/// Deflate level: 6 is within two percent of the best at a fraction of its time.
const LEVEL: u8 = 6;
/// The key of a shard's only value.
const VALUE: &str = "entries.deflate";

/// A shard to be stored before the root that names it.
#[derive(Debug, Clone, PartialEq)]
pub struct Shard {
    /// Its ConfigMap's name: the root's, and the first 12 digits of its hash.
    pub name: String,
    /// The ConfigMap. It is immutable: equal names mean equal content.
    pub config_map: Value,
}

/// A root's line about one shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardRef {
    /// Its ConfigMap's name.
    pub name: String,
    /// SHA-256 of its text before compression.
    pub hash: String,
    /// How many entries it holds.
    pub count: usize,
}

/// Spreads entries over as few shards as fit, each key by its own hash.
pub(super) fn split(inventory: &Inventory) -> Result<Vec<(ShardRef, Shard)>, EncodeError> {
    let lines: Vec<([u8; 32], String)> =
        inventory.entries.iter().map(|(key, entry)| (place(key), line::entry(key, entry))).collect();
    let mut count = 1;
    loop {
        let buckets = spread(&lines, count);
        if buckets.iter().all(|bucket| bucket.iter().map(|line| line.len() + 1).sum::<usize>() <= RAW_MAX) {
            return Ok(buckets.iter().filter(|bucket| !bucket.is_empty()).map(|b| build(inventory, b)).collect());
        }
        count *= 2;
        if count > COUNT_MAX {
            return Err(EncodeError::TooLarge { objects: inventory.entries.len() });
        }
    }
}

fn place(key: &ObjectKey) -> [u8; 32] {
    Sha256::digest(key.to_string().as_bytes()).into()
}

fn spread(lines: &[([u8; 32], String)], count: usize) -> Vec<Vec<&str>> {
    let mut buckets = vec![Vec::new(); count];
    for (place, line) in lines {
        // `count` is a power of two of at most 64, so one byte decides.
        buckets[usize::from(place[0]) % count].push(line.as_str());
    }
    buckets
}

fn build(inventory: &Inventory, lines: &[&str]) -> (ShardRef, Shard) {
    let mut text = lines.join("\n");
    text.push('\n');
    let hash = hex(&text);
    let name = name(&inventory.root, &hash);
    let compressed = miniz_oxide::deflate::compress_to_vec(text.as_bytes(), LEVEL);
    let config_map = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": name,
            "namespace": inventory.root.namespace,
            "labels": {marks::SHARD_LABEL: inventory.id.short()},
        },
        "immutable": true,
        "binaryData": {VALUE: STANDARD.encode(compressed)},
    });
    (ShardRef { name: name.clone(), hash, count: lines.len() }, Shard { name, config_map })
}

pub(super) fn name(root: &RootRef, hash: &str) -> String {
    format!("{}-{}", root.name, &hash[..12])
}

fn hex(text: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(text.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a string cannot fail");
        hex
    })
}

impl ShardRef {
    /// Its line in the root.
    pub(super) fn to_line(&self) -> String {
        format!("{} {} {}", self.name, self.hash, self.count)
    }

    /// From its line in the root.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let [name, hash, count] = line.split(' ').collect::<Vec<_>>()[..] else { return None };
        let is_hash = hash.len() == 64 && hash.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        if !is_hash || !name.ends_with(&hash[..12]) {
            return None;
        }
        Some(Self { name: name.to_owned(), hash: hash.to_owned(), count: count.parse().ok()? })
    }

    /// Reads the shard's ConfigMap into `entries`, verified: its hash, its count, and that no key comes twice.
    pub(super) fn read(&self, map: &Value, entries: &mut BTreeMap<ObjectKey, Entry>) -> Result<(), DecodeError> {
        let corrupt = |why: &str| DecodeError::CorruptShard { name: self.name.clone(), why: why.to_owned() };
        let encoded = map.get("binaryData").and_then(|data| data.get(VALUE)).and_then(Value::as_str);
        let compressed =
            STANDARD.decode(encoded.ok_or_else(|| corrupt("it has no entries"))?).map_err(|_| corrupt("no base64"))?;
        let raw = miniz_oxide::inflate::decompress_to_vec_with_limit(&compressed, RAW_MAX)
            .map_err(|_| corrupt("it does not decompress"))?;
        let text = String::from_utf8(raw).map_err(|_| corrupt("it is not text"))?;
        if hex(&text) != self.hash {
            return Err(corrupt("its hash is another one"));
        }
        if text.lines().count() != self.count {
            return Err(corrupt("it holds another number of entries"));
        }
        super::decode::entries(&text, entries)
    }
}
