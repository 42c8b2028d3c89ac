//! `vars`: values of the objects that are there, for the `$(NAME)` in them.

use serde_json::json;

use crate::dice::Dice;
use crate::grow::Known;
use crate::model::Layer;
use crate::objects::VARS;
use crate::pointer;

pub(crate) fn add(dice: &mut Dice, layer: &mut Layer, known: &Known) {
    if known.objects.is_empty() {
        return;
    }
    let source = dice.pick(&known.objects);
    let mut objref =
        json!({"apiVersion": source["apiVersion"], "kind": source["kind"], "name": source["metadata"]["name"]});
    if let Some(namespace) = source["metadata"].get("namespace").filter(|_| dice.chance(60)) {
        objref["namespace"] = namespace.clone();
    }
    let mut var = json!({"name": dice.pick(&VARS), "objref": objref});
    if dice.chance(60) {
        let leaves = pointer::leaves(&source);
        let path = dice.pick(&leaves);
        var["fieldref"] = json!({"fieldpath": pointer::dotted(dice, &source, &path, false)});
    }
    layer.push("vars", json!([var]));
}
