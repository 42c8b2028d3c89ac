//! Choices among a few words. Each knows its words, so that parsing, help and completion agree.

use std::str::FromStr;

/// A word that is none of the choices.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is none of {}", choices.join(", "))]
pub struct ParseChoiceError {
    /// What was given.
    pub given: String,
    /// What there is.
    pub choices: &'static [&'static str],
}

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $( $(#[$vdoc:meta])* $variant:ident = $word:literal, )* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub enum $name { $( $(#[$vdoc])* $variant, )* }

        impl $name {
            /// The words, in the order of help.
            pub const WORDS: &'static [&'static str] = &[ $( $word, )* ];

            /// The word of this choice.
            pub const fn word(self) -> &'static str { match self { $( Self::$variant => $word, )* } }
        }

        impl FromStr for $name {
            type Err = ParseChoiceError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $( $word => Ok(Self::$variant), )*
                    _ => Err(ParseChoiceError { given: text.to_owned(), choices: Self::WORDS }),
                }
            }
        }
    };
}

choice! {
    /// Which existing objects of others are taken over.
    Adopt {
        /// Those made by kubectl, or by Flux's kustomize-controller.
        #[default]
        Auto = "auto",
        /// None.
        Never = "never",
        /// All but those of another inventory and of K3s itself.
        All = "all",
    }
}

choice! {
    /// What an installation may do in the cluster.
    Rbac {
        /// What a ClusterRole grants, everywhere: cluster-admin by default, as with Flux.
        #[default]
        Cluster = "cluster",
        /// What a ClusterRole grants in one namespace: admin by default.
        Namespaced = "namespaced",
        /// Nothing: somebody else binds the service account.
        None = "none",
    }
}

choice! {
    /// Which workloads roll when a ConfigMap or Secret of the set changes.
    Reload {
        /// Those of the set.
        Own = "own",
        /// Also those of nobody of ours that ask for it in Stakater Reloader's annotations.
        #[default]
        Annotated = "annotated",
        /// None.
        Off = "off",
    }
}

choice! {
    /// Where a run stops.
    DryRun {
        /// It does not stop.
        #[default]
        None = "none",
        /// Before the first write, after the plan.
        Client = "client",
        /// After the server checked every write without persisting it.
        Server = "server",
    }
}

choice! {
    /// The form of the result on standard output.
    OutputFormat {
        /// One YAML document.
        Yaml = "yaml",
        /// One JSON document.
        Json = "json",
        /// A stream of JSON lines.
        JsonLines = "jsonl",
        /// `kind.group/name` per changed object, as kubectl.
        Name = "name",
        /// A comment for a pull request.
        Markdown = "markdown",
        /// The human form with more columns.
        #[default]
        Wide = "wide",
    }
}

choice! {
    /// How progress is told on standard error.
    ProgressMode {
        /// A live region on a terminal, lines elsewhere.
        #[default]
        Auto = "auto",
        /// A live region.
        Live = "live",
        /// One line per event of interest.
        Lines = "lines",
        /// Nothing.
        None = "none",
    }
}

choice! {
    /// When to colour.
    ColorChoice {
        /// On a terminal, and where CI systems render colour.
        #[default]
        Auto = "auto",
        /// Always.
        Always = "always",
        /// Never.
        Never = "never",
    }
}

choice! {
    /// kustomize's load restrictions.
    LoadRestrictor {
        /// Files must lie in or below the kustomization's directory.
        #[default]
        RootOnly = "LoadRestrictionsRootOnly",
        /// Files may lie anywhere in the tree.
        None = "LoadRestrictionsNone",
    }
}

choice! {
    /// kustomize's order of the output.
    Reorder {
        /// Namespaces and definitions first, webhooks last.
        #[default]
        Legacy = "legacy",
        /// As it came.
        None = "none",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_parses_to_itself() {
        for word in OutputFormat::WORDS {
            assert_eq!(&word.parse::<OutputFormat>().unwrap().word(), word);
        }
        let error = "xml".parse::<OutputFormat>().unwrap_err();
        assert_eq!(error.to_string(), "`xml` is none of yaml, json, jsonl, name, markdown, wide");
    }
}
