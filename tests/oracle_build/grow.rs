//! Random trees. Owns which layers there are and which fields they get, and what each layer knows of those below it, so that
//! patches, generators and counts find what they aim at.

use serde_json::{Value, json};

use crate::dice::Dice;
use crate::model::{Layer, Tree};
use crate::objects::{NAMES, image, object, words};
use crate::patches;
use crate::render::{FILE, LAYER, TEXT};

/// Layers of a tree, at most.
const LAYERS: usize = 6;

/// What the layers below and the layer itself have to offer: objects to patch and to merge into.
#[derive(Debug, Clone, Default)]
struct Known {
    objects: Vec<Value>,
}

impl Known {
    fn absorb(&mut self, more: Self) {
        self.objects.extend(more.objects);
    }

    fn has(&self, object: &Value) -> bool {
        self.objects
            .iter()
            .any(|known| known["kind"] == object["kind"] && known["metadata"]["name"] == object["metadata"]["name"])
    }
}

/// A tree of one to six layers.
pub(crate) fn tree(dice: &mut Dice) -> Tree {
    let mut grower = Grower { tree: Tree { layers: vec![Layer::default()] }, done: Vec::new() };
    grower.grow(dice, 0, 0);
    grower.tree
}

struct Grower {
    tree: Tree,
    /// Layers that are complete, which others may use as well.
    done: Vec<(usize, Known)>,
}

impl Grower {
    fn grow(&mut self, dice: &mut Dice, index: usize, depth: usize) -> Known {
        let mut known = Known::default();
        let mut layer = Layer::default();
        let bases = if depth == 0 { dice.roll(3) } else { dice.roll(2).saturating_sub(depth / 2) };
        for _ in 0..bases {
            self.base(dice, depth, &mut layer, &mut known);
        }
        let files = usize::from(layer.parts.is_empty()) + dice.roll(3);
        for _ in 0..files {
            resource_file(dice, &mut layer, &mut known);
        }
        if dice.chance(20) && self.tree.layers.len() < LAYERS {
            let component = self.component(dice, &mut known);
            layer.push("components", json!([{LAYER: component}]));
        }
        decorate(dice, &mut layer, &mut known);
        self.tree.layers[index] = layer;
        self.done.push((index, known.clone()));
        known
    }

    /// A base of its own, or one that another layer has too: a diamond.
    fn base(&mut self, dice: &mut Dice, depth: usize, layer: &mut Layer, known: &mut Known) {
        if !self.done.is_empty() && dice.chance(25) {
            let (shared, offer) = dice.pick(&self.done);
            known.absorb(offer);
            layer.push("resources", json!([{LAYER: shared}]));
        } else if self.tree.layers.len() < LAYERS {
            let below = self.tree.layers.len();
            self.tree.layers.push(Layer::default());
            known.absorb(self.grow(dice, below, depth + 1));
            layer.push("resources", json!([{LAYER: below}]));
        }
    }

    fn component(&mut self, dice: &mut Dice, known: &mut Known) -> usize {
        let index = self.tree.layers.len();
        let mut layer = Layer { component: true, ..Layer::default() };
        if dice.chance(50) {
            resource_file(dice, &mut layer, known);
        }
        decorate(dice, &mut layer, known);
        self.tree.layers.push(layer);
        index
    }
}

/// A file with one to three objects: documents, or the items of a List.
fn resource_file(dice: &mut Dice, layer: &mut Layer, known: &mut Known) {
    let objects: Vec<Value> = dice.some(3, |dice, _| fresh_object(dice, known));
    let content = match dice.roll(12) {
        0 => json!([{"apiVersion": "v1", "kind": "List", "items": objects}]),
        1 => json!([{"apiVersion": "v1", "kind": "List", "items": objects}, fresh_object(dice, known)]),
        _ => json!(objects),
    };
    layer.push("resources", json!([{FILE: content}]));
}

/// Mostly of an id that is not there yet, since two of one id are an error.
fn fresh_object(dice: &mut Dice, known: &mut Known) -> Value {
    let mut made = object(dice);
    for _ in 0..20 {
        if !known.has(&made) || dice.chance(2) {
            break;
        }
        made = object(dice);
    }
    known.objects.push(made.clone());
    made
}

/// Gives a layer some of the other fields.
fn decorate(dice: &mut Dice, layer: &mut Layer, known: &mut Known) {
    if dice.chance(25) {
        layer.push("namespace", json!(dice.pick(&["one", "prod", "default"])));
    }
    if dice.chance(30) {
        layer.push("namePrefix", json!(dice.pick(&["p-", "q-", "1"])));
    }
    if dice.chance(15) {
        layer.push("nameSuffix", json!(dice.pick(&["-s", "-2"])));
    }
    if dice.chance(25) {
        let mut entry = json!({"pairs": words(dice)});
        if dice.chance(40) {
            entry["includeSelectors"] = json!(dice.chance(70));
        }
        if dice.chance(40) {
            entry["includeTemplates"] = json!(dice.chance(70));
        }
        if dice.chance(20) {
            entry["fields"] = json!([{"path": dice.pick(&["spec/labels", "spec/template/labels", "spec/list[]/map"]), "create": dice.chance(50)}]);
        }
        layer.push("labels", json!([entry]));
    }
    if dice.chance(15) {
        layer.push("commonLabels", words(dice));
    }
    if dice.chance(15) {
        layer.push("commonAnnotations", words(dice));
    }
    if dice.chance(20) {
        let rules = dice.some(2, |dice, _| image_rule(dice));
        layer.push("images", json!(rules));
    }
    if dice.chance(12) {
        replicas(dice, layer, known);
    }
    generators(dice, layer, known);
    patches(dice, layer, known);
    if dice.chance(12) {
        let order = match dice.roll(3) {
            0 => json!({"order": "fifo"}),
            1 => json!({"order": "legacy"}),
            _ => {
                json!({"order": "legacy", "legacySortOptions": {"orderFirst": ["Secret", "Thing"], "orderLast": ["Namespace", "Pod"]}})
            }
        };
        layer.push("sortOptions", order);
    }
}

/// Mostly of a workload that is there, since all else is an error.
fn replicas(dice: &mut Dice, layer: &mut Layer, known: &Known) {
    let scalable = |object: &&Value| matches!(object["kind"].as_str(), Some("Deployment" | "StatefulSet"));
    let mut names: Vec<Value> =
        known.objects.iter().filter(scalable).map(|object| object["metadata"]["name"].clone()).collect();
    if dice.chance(5) {
        names.push(json!(dice.pick(&NAMES)));
    }
    if !names.is_empty() {
        layer.push("replicas", json!([{"name": dice.pick(&names), "count": dice.roll(9)}]));
    }
}

fn image_rule(dice: &mut Dice) -> Value {
    let whole = image(dice);
    let name = whole.split_once('@').map_or(whole.as_str(), |(name, _)| name);
    let name = if dice.chance(90) { name.trim_end_matches(":1").trim_end_matches(":v1.2-rc") } else { name };
    let mut rule = json!({"name": name});
    for (field, value) in [("newTag", "9"), ("newName", "other/name"), ("digest", "sha256:new"), ("tagSuffix", "-x")] {
        if dice.chance(if field == "tagSuffix" { 8 } else { 40 }) {
            rule[field] = json!(value);
        }
    }
    rule
}

fn generators(dice: &mut Dice, layer: &mut Layer, known: &mut Known) {
    for field in ["configMapGenerator", "secretGenerator"] {
        if !dice.chance(25) {
            continue;
        }
        let name = dice.pick(&["web", "db", "gen", "cfg"]);
        let mut entry = json!({"name": name, "literals": dice.some(3, |dice, index| format!("{}{index}={}", dice.pick(&["a", "B", "c.d"]), dice.pick(&["1", "x y", "", "\"q\"", "a=b"])))});
        let kind = if field == "secretGenerator" { "Secret" } else { "ConfigMap" };
        let made = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, "data": {"k": "v"}});
        if known.has(&made) && dice.chance(95) {
            entry["behavior"] = json!(dice.pick(&["merge", "merge", "replace"]));
        }
        if dice.chance(30) {
            entry["files"] =
                json!([{TEXT: dice.pick(&["text\n", "", "a\nb", "  x\n", "tab\t\n", "line one\nline two\n\n"])}]);
        }
        if dice.chance(20) {
            entry["envs"] = json!([{TEXT: dice.pick(&["E=1\n# c\nF=x=y\n", "G=\"q\"\n\n", "H= x \n"])}]);
        }
        if dice.chance(30) {
            entry["options"] = json!({"disableNameSuffixHash": dice.chance(50), "labels": words(dice)});
        }
        if dice.chance(10) {
            entry["namespace"] = json!("one");
        }
        known.objects.push(made);
        layer.push(field, json!([entry]));
    }
    if dice.chance(8) {
        layer.push("generatorOptions", json!({"disableNameSuffixHash": dice.chance(60), "annotations": words(dice)}));
    }
}

fn patches(dice: &mut Dice, layer: &mut Layer, known: &Known) {
    if known.objects.is_empty() {
        return;
    }
    for _ in 0..dice.roll(3) {
        let victim = dice.pick(&known.objects);
        match dice.roll(12) {
            0 => layer.push("patchesStrategicMerge", json!([patches::legacy_merge(dice, &victim)])),
            1 => {
                let mut patch = patches::json_patch(dice, &victim);
                patch["target"]["name"] = victim["metadata"]["name"].clone();
                layer.push("patchesJson6902", json!([patch]));
            }
            2..=5 => layer.push("patches", json!([patches::json_patch(dice, &victim)])),
            _ => layer.push("patches", json!([patches::merge_patch(dice, &victim)])),
        }
    }
}
