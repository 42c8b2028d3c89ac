//! Random trees. Owns which layers there are and which fields they get, and what each layer knows of those below it, so that
//! patches, generators and counts find what they aim at.

use serde_json::{Value, json};

use crate::dice::Dice;
use crate::fields;
use crate::model::{Layer, Tree};
use crate::objects::{object, words};
use crate::render::{FILE, LAYER};

/// Layers of a tree, at most.
const LAYERS: usize = 6;

/// What the layers below and the layer itself have to offer: objects to patch and to merge into.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    pub(crate) objects: Vec<Value>,
}

impl Known {
    fn absorb(&mut self, more: Self) {
        self.objects.extend(more.objects);
    }

    /// Is there one without a namespace, which a generator can merge into?
    pub(crate) fn has_bare(&self, object: &Value) -> bool {
        self.objects.iter().any(|known| {
            known["kind"] == object["kind"]
                && known["metadata"]["name"] == object["metadata"]["name"]
                && known["metadata"].get("namespace").is_none()
        })
    }

    pub(crate) fn has(&self, object: &Value) -> bool {
        self.objects
            .iter()
            .any(|known| known["kind"] == object["kind"] && known["metadata"]["name"] == object["metadata"]["name"])
    }
}

/// A tree of one to six layers.
pub(crate) fn tree(dice: &mut Dice) -> Tree {
    let mut grower = Grower { tree: Tree { layers: vec![Layer::default()], style: None }, done: Vec::new() };
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
        if !self.done.is_empty() && dice.risk(25) {
            let (shared, offer) = dice.pick(&self.done);
            known.absorb(offer);
            layer.push("resources", json!([{LAYER: shared}]));
        } else if self.tree.layers.len() < LAYERS {
            let below = self.tree.layers.len();
            self.tree.layers.push(Layer::default());
            known.absorb(self.grow(dice, below, depth + 1));
            let field = if dice.chance(8) { "bases" } else { "resources" };
            layer.push(field, json!([{LAYER: below}]));
        }
    }

    fn component(&mut self, dice: &mut Dice, known: &mut Known) -> usize {
        let index = self.tree.layers.len();
        let mut layer = Layer { component: true, ..Layer::default() };
        self.tree.layers.push(Layer::default());
        if dice.chance(50) {
            resource_file(dice, &mut layer, known);
        }
        if dice.chance(20) && self.tree.layers.len() < LAYERS {
            let inner = self.component(dice, known);
            layer.push("components", json!([{LAYER: inner}]));
        }
        decorate(dice, &mut layer, known);
        self.tree.layers[index] = layer;
        index
    }
}

/// A file with one to three objects: documents, or the items of a List.
fn resource_file(dice: &mut Dice, layer: &mut Layer, known: &mut Known) {
    let objects: Vec<Value> = dice.some(3, |dice, _| fresh_object(dice, known));
    let content = match dice.roll(12) {
        0 => json!([{"apiVersion": "v1", "kind": "List", "items": objects}]),
        1 => json!([{"apiVersion": "v1", "kind": "List", "items": objects}, fresh_object(dice, known)]),
        2 => typed_list(dice, objects),
        _ => json!(objects),
    };
    layer.push("resources", json!([{FILE: content}]));
}

/// A list of one kind; what is in it may lack what the list says.
fn typed_list(dice: &mut Dice, objects: Vec<Value>) -> Value {
    let kind = format!("{}List", objects[0]["kind"].as_str().unwrap_or_default());
    let api = objects[0]["apiVersion"].clone();
    let mut items = objects;
    if dice.chance(10) {
        items = vec![json!({"apiVersion": "v1", "kind": "List", "items": items})];
    }
    json!([{"apiVersion": api, "kind": kind, "metadata": {"resourceVersion": ""}, "items": items}])
}

/// Mostly of an id that is not there yet, since two of one id are an error.
fn fresh_object(dice: &mut Dice, known: &mut Known) -> Value {
    let mut made = object(dice);
    for _ in 0..20 {
        if !known.has(&made) || dice.risk(2) {
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
    fields::generators::add(dice, layer, known);
    if dice.chance(6) {
        fields::plugins::add_generator(dice, layer, known);
    }
    for (percent, add) in SIMPLE {
        if dice.chance(percent) {
            add(dice, layer);
        }
    }
    for (percent, add) in KNOWING {
        if dice.chance(percent) {
            add(dice, layer, known);
        }
    }
    if dice.risk(6) {
        fields::plugins::add_validator(dice, layer, known);
    }
    if dice.chance(3) {
        layer.push("metadata", json!({"name": "layer", "annotations": words(dice)}));
    }
}

type Simple = fn(&mut Dice, &mut Layer);
type Knowing = fn(&mut Dice, &mut Layer, &Known);

/// Fields that need not know what is there, and in how many of a hundred layers they are.
const SIMPLE: [(usize, Simple); 8] = [
    (25, fields::labels::add),
    (20, fields::labels::add_common),
    (20, fields::images::add),
    (12, fields::sort_options::add),
    (8, fields::configurations::add),
    (5, fields::crds::add),
    (5, fields::openapi::add),
    (6, fields::build_metadata::add),
];

/// Fields that aim at what is there.
const KNOWING: [(usize, Knowing); 5] = [
    (12, fields::replicas::add),
    (100, fields::patches::add),
    (18, fields::replacements::add),
    (12, fields::vars::add),
    (8, fields::plugins::add_transformer),
];
