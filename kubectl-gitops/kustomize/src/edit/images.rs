//! `images`: new names, tags and digests.

use krm::Mapping;

use super::EditError;
use super::fields::{Fields, set_text_in};
use crate::transform::images::split_image;

/// Keeps what the kustomization has.
const KEEP: &str = "*";

/// What one image becomes. An asterisk keeps what the kustomization has; what is empty is removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageChange {
    /// The image to change.
    pub name: String,
    /// Its new name.
    pub new_name: String,
    /// Its new tag.
    pub new_tag: String,
    /// Its digest.
    pub digest: String,
}

impl ImageChange {
    /// Reads `image=new-image:tag@digest` with all its parts but one left out.
    ///
    /// # Errors
    /// Nothing of an image would change.
    pub fn parse(text: &str) -> Result<Self, EditError> {
        let (name, value) = text.split_once('=').map_or((None, text), |(name, value)| (Some(name), value));
        let name = name.filter(|name| !name.is_empty());
        let (new_name, tag, digest) = split_image(value);
        if new_name == text {
            let expected = "an image change: image=new, image:tag, image@digest, or image=new:tag@digest";
            return Err(EditError::Argument { text: text.to_owned(), expected });
        }
        Ok(Self {
            name: name.unwrap_or(new_name).to_owned(),
            new_name: if name.is_some() { new_name.to_owned() } else { String::new() },
            new_tag: tag.to_owned(),
            digest: digest.to_owned(),
        })
    }
}

pub(super) fn set(fields: &mut Fields<'_>, changes: &[ImageChange]) {
    fields.fold_list("imageTags", "images");
    fields.change_named("images", changes, |change| &change.name, write);
}

fn write(item: &mut Mapping, change: &ImageChange) {
    let fields = [("newName", &change.new_name), ("newTag", &change.new_tag), ("digest", &change.digest)];
    for (name, value) in fields.into_iter().filter(|(_, value)| *value != KEEP) {
        set_text_in(item, name, value);
    }
    set_text_in(item, "tagSuffix", "");
}
