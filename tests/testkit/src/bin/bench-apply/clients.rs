//! Who is compared, and how each is called.

use std::path::Path;

/// The programs, and the way to the server.
pub(crate) struct Programs<'p> {
    pub(crate) ours: &'p str,
    pub(crate) kubectl: &'p str,
    pub(crate) kubeconfig: &'p Path,
}

/// One way to apply a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    Ours,
    Kubectl,
    ApplySet,
}

impl Client {
    pub(crate) const ALL: [Self; 3] = [Self::Ours, Self::Kubectl, Self::ApplySet];

    /// Measured with many objects as well.
    pub(crate) fn is_short(self) -> bool {
        self != Self::ApplySet
    }

    /// Does it delete what left the set?
    pub(crate) fn prunes(self) -> bool {
        self != Self::Kubectl
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "kubectl gitops apply",
            Self::Kubectl => "kubectl apply --server-side",
            Self::ApplySet => "  … --prune --applyset",
        }
    }

    /// Of its differences.
    pub(crate) fn diff_name(self) -> Option<&'static str> {
        match self {
            Self::Ours => Some("kubectl gitops diff"),
            Self::Kubectl => Some("kubectl diff --server-side"),
            Self::ApplySet => None,
        }
    }

    /// The namespace of its set.
    pub(crate) fn namespace(self) -> &'static str {
        match self {
            Self::Ours => "bench-ours",
            Self::Kubectl => "bench-kubectl",
            Self::ApplySet => "bench-applyset",
        }
    }

    pub(crate) fn apply(self, programs: &Programs<'_>, directory: &str) -> Vec<String> {
        let (namespace, file) = (self.namespace(), format!("{directory}/all.yaml"));
        let words: &[&str] = match self {
            Self::Ours => &[programs.ours, "apply", directory, "--name", "bench", "-n", namespace],
            Self::Kubectl => &[programs.kubectl, "apply", "--server-side", "-n", namespace, "-f", &file],
            Self::ApplySet => &[
                programs.kubectl,
                "apply",
                "--server-side",
                "--prune",
                "--applyset=configmaps/set",
                "-n",
                namespace,
                "-f",
                &file,
            ],
        };
        with_environment(programs, words)
    }

    pub(crate) fn diff(self, programs: &Programs<'_>, directory: &str) -> Vec<String> {
        let (namespace, file) = (self.namespace(), format!("{directory}/all.yaml"));
        let words: &[&str] = match self {
            Self::Ours => &[programs.ours, "diff", directory, "--name", "bench", "-n", namespace],
            Self::Kubectl | Self::ApplySet => {
                &[programs.kubectl, "diff", "--server-side", "-n", namespace, "-f", &file]
            }
        };
        with_environment(programs, words)
    }
}

fn with_environment(programs: &Programs<'_>, words: &[&str]) -> Vec<String> {
    let config = format!("KUBECONFIG={}", programs.kubeconfig.display());
    let all = ["env", &config, "KUBECTL_APPLYSET=true"].into_iter().chain(words.iter().copied());
    all.map(str::to_owned).collect()
}
