//! A random tree of kustomizations: layers with parts. Owns which fields a layer gets; the parts stay separate so that a
//! failing tree can lose them one by one.

use serde_json::{Value, json};

use crate::dice::Dice;
use crate::objects::{NAMES, image, object, words};
use crate::patches;
use crate::render::{FILE, LAYER, TEXT};

/// One field of a layer, or a piece of one.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) field: &'static str,
    pub(crate) value: Value,
}

/// One kustomization.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layer {
    pub(crate) component: bool,
    pub(crate) parts: Vec<Part>,
}

/// All layers; the first is built.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    pub(crate) layers: Vec<Layer>,
}

impl Layer {
    /// The fields in the order of their first part: lists joined, maps merged, of scalars the last.
    pub(crate) fn fields(&self) -> Vec<(&'static str, Value)> {
        let mut fields: Vec<(&'static str, Value)> = Vec::new();
        for part in &self.parts {
            match fields.iter_mut().find(|(name, _)| *name == part.field) {
                Some((_, Value::Array(all))) => all.extend(part.value.as_array().cloned().unwrap_or_default()),
                Some((_, Value::Object(all))) => all.extend(part.value.as_object().cloned().unwrap_or_default()),
                Some((_, scalar)) => *scalar = part.value.clone(),
                None => fields.push((part.field, part.value.clone())),
            }
        }
        fields
    }

    fn push(&mut self, field: &'static str, value: Value) {
        self.parts.push(Part { field, value });
    }
}

/// What the layers below and the layer itself have to offer: objects to patch, generators to merge into.
#[derive(Debug, Clone, Default)]
struct Known {
    objects: Vec<Value>,
    generators: Vec<(&'static str, &'static str)>,
}

/// A tree of one to five layers.
pub(crate) fn tree(dice: &mut Dice) -> Tree {
    let mut tree = Tree { layers: vec![Layer::default()] };
    grow(dice, &mut tree, 0, 0);
    tree
}

fn grow(dice: &mut Dice, tree: &mut Tree, index: usize, depth: usize) -> Known {
    let mut known = Known::default();
    let mut layer = Layer { component: tree.layers[index].component, ..Layer::default() };
    let bases = if depth == 0 { dice.roll(3) } else { dice.roll(2).saturating_sub(depth / 2) };
    for _ in 0..bases {
        if tree.layers.len() > 4 {
            break;
        }
        let below = tree.layers.len();
        tree.layers.push(Layer::default());
        merge(&mut known, grow(dice, tree, below, depth + 1));
        layer.push("resources", json!([{LAYER: below}]));
    }
    let files = usize::from(bases == 0) + dice.roll(3);
    for _ in 0..files {
        let objects: Vec<Value> = dice.some(2, |dice, _| object(dice));
        layer.push("resources", json!([{FILE: objects}]));
        known.objects.extend(objects);
    }
    if dice.chance(20) && tree.layers.len() < 6 {
        let component = tree.layers.len();
        tree.layers.push(Layer { component: true, ..Layer::default() });
        let inner = decorate_component(dice, tree, component, &known);
        merge(&mut known, inner);
        layer.push("components", json!([{LAYER: component}]));
    }
    decorate(dice, &mut layer, &mut known);
    tree.layers[index] = layer;
    known
}

fn decorate_component(dice: &mut Dice, tree: &mut Tree, index: usize, parent: &Known) -> Known {
    let mut layer = Layer { component: true, ..Layer::default() };
    let mut known = parent.clone();
    if dice.chance(50) {
        let added = object(dice);
        layer.push("resources", json!([{FILE: [added]}]));
        known.objects.push(added);
    }
    decorate(dice, &mut layer, &mut known);
    tree.layers[index] = layer;
    known
}

fn merge(known: &mut Known, more: Known) {
    known.objects.extend(more.objects);
    known.generators.extend(more.generators);
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
    if dice.chance(10) {
        layer.push("sortOptions", json!({"order": dice.pick(&["fifo", "legacy"])}));
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
        let lower: Vec<&str> =
            known.generators.iter().filter(|(kind, _)| *kind == field).map(|(_, name)| *name).collect();
        let name = dice.pick(&["web", "db", "gen", "cfg"]);
        let mut entry = json!({"name": name, "literals": dice.some(3, |dice, index| format!("{}{index}={}", dice.pick(&["a", "B", "c.d"]), dice.pick(&["1", "x y", "", "\"q\"", "a=b"])))});
        if lower.contains(&name) {
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
        known.generators.push((field, name));
        known.objects.push(json!({"apiVersion": "v1", "kind": if field == "secretGenerator" { "Secret" } else { "ConfigMap" }, "metadata": {"name": name}, "data": {"k": "v"}}));
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
