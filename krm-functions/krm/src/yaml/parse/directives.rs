//! Directives and the tag handles they declare. Must not know what tags mean.

use super::{Parser, fail};
use crate::yaml::build::YAML_PREFIX;
use crate::yaml::error::ParseProblem;
use crate::yaml::scan::{Payload, Place, Scan, TokenKind};

impl Parser<'_, '_> {
    pub(super) fn expand_tag(&self, (handle, suffix): (String, String), start: Place) -> Scan<String> {
        if handle.is_empty() {
            return Ok(suffix);
        }
        match self.tag_directives.iter().find(|(known, _)| *known == handle) {
            Some((_, prefix)) if !prefix.is_empty() || !suffix.is_empty() => Ok(format!("{prefix}{suffix}")),
            _ => Err((start, ParseProblem::UndefinedTagHandle)),
        }
    }

    pub(super) fn process_directives(&mut self) -> Scan<()> {
        let mut version_seen = false;
        loop {
            let (kind, place) = self.peek()?;
            match kind {
                TokenKind::VersionDirective => {
                    let Payload::Version(major, minor) = self.scanner.take().payload else { break };
                    if version_seen {
                        return fail(place, "found duplicate %YAML directive");
                    }
                    if (major, minor) != (1, 1) {
                        return fail(place, "found incompatible YAML document");
                    }
                    version_seen = true;
                }
                TokenKind::TagDirective => {
                    let Payload::Pair(pair) = self.scanner.take().payload else { break };
                    if self.tag_directives.iter().any(|(handle, _)| *handle == pair.0) {
                        return fail(place, "found duplicate %TAG directive");
                    }
                    self.tag_directives.push(*pair);
                }
                _ => break,
            }
        }
        self.add_default_directives();
        Ok(())
    }

    pub(super) fn add_default_directives(&mut self) {
        for (handle, prefix) in [("!", "!"), ("!!", YAML_PREFIX)] {
            if !self.tag_directives.iter().any(|(known, _)| known == handle) {
                self.tag_directives.push((handle.to_owned(), prefix.to_owned()));
            }
        }
    }
}
