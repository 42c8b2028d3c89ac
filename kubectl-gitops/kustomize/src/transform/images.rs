//! `images`. Owns which texts are the image, how a reference splits, and where images are: in every `containers` and
//! `initContainers` list of any kind but CustomResourceDefinition, and in the fields of the specifications.
//!
//! Both searches run, as in kustomize, so a container of a pod template is met twice: `tagSuffix` is then added twice.

use krm::{Node, Scalar, Tag, Text};
use regex::Regex;

use super::pattern;
use super::{TransformError, selects};
use crate::draft::{Draft, DraftSet};
use crate::fieldspec::{Create, FieldProblem, Spec, apply, set_scalar};
use crate::kustomization::Image;

/// An image cannot be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// The name is taken for a regular expression, and is none.
    #[error("image name `{name}` is not a regular expression: {problem}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A list of containers holds something else.
    #[error("`{list}` of `{id}` must hold maps with an `image` text, there is {found}")]
    Container {
        /// The resource.
        id: String,
        /// `containers` or `initContainers`.
        list: String,
        /// What is there.
        found: &'static str,
    },
}

impl ImageError {
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::Name { .. } => "escape signs that mean something in a regular expression with `\\`",
            Self::Container { .. } => "write each container as a map with `name` and `image`",
        }
    }
}

/// Changes name, tag or digest of one image everywhere.
///
/// # Errors
/// Its name is no regular expression, or a container is no map.
pub fn set(drafts: &mut DraftSet, image: &Image, specs: &[Spec]) -> Result<(), TransformError> {
    let change = Change::new(image)?;
    for draft in drafts.iter_mut().filter(|draft| !draft.is_empty() && draft.kind() != "CustomResourceDefinition") {
        let result = in_containers(&mut draft.node, &change);
        result.map_err(|(list, found)| ImageError::Container { id: draft.id().to_string(), list, found })?;
        in_fields(draft, &change, specs)?;
    }
    Ok(())
}

fn in_fields(draft: &mut Draft, change: &Change<'_>, specs: &[Spec]) -> Result<(), TransformError> {
    for spec in specs.iter().filter(|spec| selects(spec, draft)).collect::<Vec<_>>() {
        apply(spec, Create::Nothing, &mut draft.node, &mut |at| change.apply(at))
            .map_err(|source| TransformError::Field { id: draft.id().to_string(), source })?;
    }
    Ok(())
}

fn in_containers(node: &mut Node, change: &Change<'_>) -> Result<(), (String, &'static str)> {
    match node {
        Node::Scalar(_) => Ok(()),
        Node::Seq(seq) => seq.items.iter_mut().try_for_each(|item| in_containers(item, change)),
        Node::Map(map) => map.iter_mut().try_for_each(|(key, value)| {
            in_containers(value, change)?;
            if key != "containers" && key != "initContainers" {
                return Ok(());
            }
            let Node::Seq(containers) = value else { return Ok(()) };
            containers.items.iter_mut().try_for_each(|item| in_container(item, change)).map_err(|e| (key.to_owned(), e))
        }),
    }
}

fn in_container(container: &mut Node, change: &Change<'_>) -> Result<(), &'static str> {
    let Node::Map(map) = container else {
        return if container.is_null() { Ok(()) } else { Err(container.kind_name()) };
    };
    let Some(image) = map.get_mut("image") else { return Ok(()) };
    let found = image.kind_name();
    change.apply(image).map_err(|_| found)
}

/// An item of `images`, ready to be applied.
struct Change<'a> {
    image: &'a Image,
    name: Name<'a>,
}

/// What an image's name must be.
enum Name<'a> {
    /// A text in which a dot is any character.
    Text(&'a str),
    /// A regular expression for the whole reference.
    Pattern(Regex),
}

impl<'a> Change<'a> {
    fn new(image: &'a Image) -> Result<Self, ImageError> {
        let name = if pattern::is_text(&image.name) {
            Name::Text(&image.name)
        } else {
            let whole = format!("^{}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$", image.name);
            let compiled = pattern::compile(&whole);
            Name::Pattern(compiled.map_err(|problem| ImageError::Name { name: image.name.clone(), problem })?)
        };
        Ok(Self { image, name })
    }

    fn apply(&self, node: &mut Node) -> Result<(), FieldProblem> {
        let Node::Scalar(scalar) = node else {
            return Err(FieldProblem::WrongKind { expected: "an image", found: node.kind_name() });
        };
        if !self.matches(&scalar.text) {
            return Ok(());
        }
        let new = Scalar::new(self.rewritten(&scalar.text), Tag::Unset);
        set_scalar(node, new).map(drop)
    }

    fn matches(&self, reference: &str) -> bool {
        match &self.name {
            Name::Pattern(regex) => regex.is_match(reference),
            Name::Text(name) => pattern::rest_after_text(name, reference).is_some_and(is_tag_and_digest),
        }
    }

    fn rewritten(&self, reference: &str) -> Text {
        let Reference { name, tag, digest } = Reference::split(reference);
        let image = self.image;
        let name = if image.new_name.is_empty() { name } else { &image.new_name };
        let suffixed;
        let (tag, digest) = match (image.new_tag.is_empty(), image.digest.is_empty(), image.tag_suffix.is_empty()) {
            (false, false, _) => (image.new_tag.as_str(), image.digest.as_str()),
            (false, true, _) => (image.new_tag.as_str(), ""),
            (true, false, _) => ("", image.digest.as_str()),
            (true, true, false) => {
                suffixed = format!("{tag}{}", image.tag_suffix);
                (suffixed.as_str(), "")
            }
            (true, true, true) => (tag, digest),
        };
        let mut text = Text::from(name);
        for (sign, part) in [(':', tag), ('@', digest)] {
            if !part.is_empty() {
                text.push(sign);
                text.push_str(part);
            }
        }
        text
    }
}

/// `(:[…]*)?(@sha256:[…]*)?` up to the end.
fn is_tag_and_digest(rest: &str) -> bool {
    let allowed = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.{}-".contains(&b));
    let (tag, digest) = rest.split_once('@').map_or((rest, None), |(tag, digest)| (tag, Some(digest)));
    let tag_ok = tag.is_empty() || tag.strip_prefix(':').is_some_and(allowed);
    tag_ok && digest.is_none_or(|digest| digest.strip_prefix("sha256:").is_some_and(allowed))
}

/// Name, tag and digest of an image reference; what it lacks is empty.
pub(crate) fn split_image(text: &str) -> (&str, &str, &str) {
    let Reference { name, tag, digest } = Reference::split(text);
    (name, tag, digest)
}

/// The parts of an image reference.
#[derive(Debug, PartialEq, Eq)]
struct Reference<'a> {
    name: &'a str,
    tag: &'a str,
    digest: &'a str,
}

impl<'a> Reference<'a> {
    /// Splits at the first colon (or at sign) behind the first slash, so that a registry's port stays in the name.
    fn split(text: &'a str) -> Self {
        let domain = text.find('/').unwrap_or(0);
        let at = |sign| text[domain..].find(sign).map(|at| at + domain);
        match (at(':'), at('@')) {
            (None, None) => Self { name: text, tag: "", digest: "" },
            (Some(colon), None) => Self { name: &text[..colon], tag: unsigned(&text[colon..]), digest: "" },
            (Some(colon), Some(at)) if colon < at => {
                Self { name: &text[..colon], tag: unsigned(&text[colon..at]), digest: unsigned(&text[at..]) }
            }
            (_, Some(at)) => Self { name: &text[..at], tag: "", digest: unsigned(&text[at..]) },
        }
    }
}

/// Without the sign in front.
fn unsigned(part: &str) -> &str {
    &part[1..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_split_behind_the_registry() {
        for (text, name, tag, digest) in [
            ("nginx", "nginx", "", ""),
            ("nginx:1", "nginx", "1", ""),
            ("r:5000/a/b:1@sha256:x", "r:5000/a/b", "1", "sha256:x"),
            ("r:5000/a", "r:5000/a", "", ""),
            ("a@sha256:x", "a", "", "sha256:x"),
            (":x", "", "x", ""),
        ] {
            assert_eq!(Reference::split(text), Reference { name, tag, digest }, "{text}");
        }
    }

    #[test]
    fn names_match_the_whole_repository() {
        for (name, text, expected) in [
            ("nginx", "nginx", true),
            ("nginx", "nginx:1@sha256:a", true),
            ("nginx", "library/nginx:1", false),
            ("nginx", "nginx-x", false),
            ("nginx", "nginx:a/b", false),
            ("nginx", "nginx@md5:1", false),
            ("a.b/c", "axb/c:1", true),
            ("r:5000/a", "r:5000/a:1", true),
            ("(foo|bar)", "bar:1", true),
            ("", "", true),
            ("", ":1", true),
        ] {
            let image = Image { name: name.to_owned(), ..Image::default() };
            assert_eq!(Change::new(&image).unwrap().matches(text), expected, "{name} {text}");
        }
    }

    #[test]
    fn a_new_tag_drops_the_digest_and_a_digest_the_tag() {
        let set = |new_name: &str, new_tag: &str, digest: &str, tag_suffix: &str, text: &str| {
            let image = Image {
                new_name: new_name.to_owned(),
                new_tag: new_tag.to_owned(),
                digest: digest.to_owned(),
                tag_suffix: tag_suffix.to_owned(),
                ..Image::default()
            };
            Change { image: &image, name: Name::Text("") }.rewritten(text).to_string()
        };
        assert_eq!(set("b", "", "", "", "a:1@sha256:x"), "b:1@sha256:x");
        assert_eq!(set("", "2", "", "", "a:1@sha256:x"), "a:2");
        assert_eq!(set("", "", "sha256:y", "", "a:1"), "a@sha256:y");
        assert_eq!(set("", "2", "sha256:y", "", "a:1"), "a:2@sha256:y");
        assert_eq!(set("", "", "", "-s", "a:1@sha256:x"), "a:1-s");
        assert_eq!(set("", "2", "", "-s", "a:1"), "a:2");
    }
}
