//! `patches`: whole items come and go.

use krm::{Mapping, Node, Style};

use super::fields::{Fields, key_in, text_in};

/// Which resources a patch is for; what is empty matches anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chosen {
    /// API group.
    pub group: String,
    /// API version.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Namespace.
    pub namespace: String,
    /// Selector of annotations.
    pub annotation_selector: String,
    /// Selector of labels.
    pub label_selector: String,
}

/// A patch: a file, or the patch itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewPatch {
    /// Name of the file; empty for a patch given itself.
    pub path: String,
    /// The patch itself; empty for one in a file.
    pub patch: String,
    /// What it is for.
    pub target: Chosen,
}

impl Chosen {
    fn fields(&self) -> [(&'static str, &str); 7] {
        [
            ("group", &self.group),
            ("version", &self.version),
            ("kind", &self.kind),
            ("name", &self.name),
            ("namespace", &self.namespace),
            ("annotationSelector", &self.annotation_selector),
            ("labelSelector", &self.label_selector),
        ]
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl NewPatch {
    /// For messages.
    fn shown(&self) -> &str {
        if self.path.is_empty() { "the inline patch" } else { &self.path }
    }

    fn is(&self, item: &Node) -> bool {
        let Some(map) = item.as_map() else { return false };
        let field = |name: &str| key_in(map, name).and_then(|key| map.get(&key)).filter(|value| !value.is_null());
        let target = match field("target") {
            None => self.target.is_empty(),
            Some(target) => {
                !self.target.is_empty()
                    && self.target.fields().iter().all(|(name, text)| text_in(target, name) == *text)
            }
        };
        target
            && field("options").is_none()
            && text_in(item, "path") == self.path
            && text_in(item, "patch") == self.patch
    }

    fn to_node(&self) -> Node {
        let mut item = Mapping::default();
        let mut put = |name: &str, text: &str| {
            if !text.is_empty() {
                let mut node = krm::Scalar::string(text);
                if text.contains('\n') {
                    node.style = Style::Literal;
                }
                item.set(name, Node::Scalar(node));
            }
        };
        put("path", &self.path);
        put("patch", &self.patch);
        if !self.target.is_empty() {
            let mut target = Mapping::default();
            for (name, text) in self.target.fields().into_iter().filter(|(_, text)| !text.is_empty()) {
                target.set(name, Node::string(text));
            }
            item.set("target", Node::Map(target));
        }
        Node::Map(item)
    }
}

pub(super) fn add(fields: &mut Fields<'_>, patch: &NewPatch) {
    let mut items = fields.items("patches");
    if items.iter().any(|item| patch.is(item)) {
        fields.note(format!("the patch `{}` is already in the kustomization", patch.shown()));
        return;
    }
    items.push(patch.to_node());
    fields.set_items("patches", items);
}

pub(super) fn remove(fields: &mut Fields<'_>, patch: &NewPatch) {
    let mut items = fields.items("patches");
    let before = items.len();
    items.retain(|item| !patch.is(item));
    if items.len() == before {
        fields.note(format!("no patch is exactly `{}`", patch.shown()));
        return;
    }
    fields.set_items("patches", items);
}
