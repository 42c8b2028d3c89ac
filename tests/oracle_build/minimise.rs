//! Makes a failing tree small: takes away layers, parts, map entries and list items while the two sides still disagree.

use serde_json::Value;

use crate::model::Tree;

/// Most attempts for one tree; each asks the oracle once.
const ATTEMPTS: usize = 3000;

/// The smallest tree found for which `fails` still holds.
pub(crate) fn minimise(mut tree: Tree, mut fails: impl FnMut(&Tree) -> bool) -> Tree {
    let mut left = ATTEMPTS;
    loop {
        let before = left;
        let mut shrunk = false;
        for step in steps(&tree) {
            let Some(smaller) = take(&tree, &step) else { continue };
            left = left.saturating_sub(1);
            if left == 0 {
                return tree;
            }
            if fails(&smaller) {
                tree = smaller;
                shrunk = true;
            }
        }
        if !shrunk || before == left {
            return tree;
        }
    }
}

/// What to take away: a part of a layer, or something inside it.
struct Step {
    layer: usize,
    part: usize,
    path: Vec<String>,
}

/// From the large to the small, and from the back, so that earlier steps do not move later ones.
fn steps(tree: &Tree) -> Vec<Step> {
    let mut steps = Vec::new();
    for (layer, content) in tree.layers.iter().enumerate() {
        for (part, piece) in content.parts.iter().enumerate() {
            steps.push(Step { layer, part, path: Vec::new() });
            let mut paths = Vec::new();
            inside(&piece.value, &mut Vec::new(), &mut paths);
            steps.extend(paths.into_iter().map(|path| Step { layer, part, path }));
        }
    }
    steps.reverse();
    steps.sort_by_key(|step| step.path.len());
    steps
}

fn inside(value: &Value, path: &mut Vec<String>, all: &mut Vec<Vec<String>>) {
    let keys: Vec<String> = match value {
        Value::Object(map) => map.keys().cloned().collect(),
        Value::Array(items) => (0..items.len()).map(|index| index.to_string()).collect(),
        _ => return,
    };
    for key in keys {
        let inner = match value {
            Value::Object(map) => &map[&key],
            other => &other[key.parse::<usize>().expect("it is an index")],
        };
        path.push(key);
        all.push(path.clone());
        inside(inner, path, all);
        path.pop();
    }
}

fn take(tree: &Tree, step: &Step) -> Option<Tree> {
    let mut smaller = tree.clone();
    let parts = &mut smaller.layers.get_mut(step.layer)?.parts;
    let Some((last, way)) = step.path.split_last() else {
        if step.part >= parts.len() {
            return None;
        }
        parts.remove(step.part);
        return Some(smaller);
    };
    let mut value = &mut parts.get_mut(step.part)?.value;
    for key in way {
        value = match value {
            Value::Object(map) => map.get_mut(key)?,
            Value::Array(items) => items.get_mut(key.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    match value {
        Value::Object(map) => map.shift_remove(last).map(|_| smaller),
        Value::Array(items) => {
            let index = last.parse::<usize>().ok().filter(|index| *index < items.len())?;
            items.remove(index);
            Some(smaller)
        }
        _ => None,
    }
}
