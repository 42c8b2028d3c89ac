//! The stable error codes and what `explain` says about each: one table, so that none lacks its text.

use std::fmt;
use std::str::FromStr;

use super::Kind;

macro_rules! codes {
    ($( $variant:ident = $text:literal, $kind:ident, $title:literal, $explanation:literal; )*) => {
        /// A stable error code, `G0204`. The text never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $( #[doc = $title] $variant, )* }

        /// Every code, in order of its text.
        pub const CODES: &[Code] = &[ $( Code::$variant, )* ];

        impl Code {
            /// `G0204`
            pub const fn as_str(self) -> &'static str { match self { $( Self::$variant => $text, )* } }
            /// The kind of end it is, which decides the exit code.
            pub const fn kind(self) -> Kind { match self { $( Self::$variant => Kind::$kind, )* } }
            /// One line: what it means.
            pub const fn title(self) -> &'static str { match self { $( Self::$variant => $title, )* } }
            /// Why it happens and what to do.
            pub const fn explanation(self) -> &'static str { match self { $( Self::$variant => $explanation, )* } }
        }
    };
}

codes! {
    Bug = "G0001", Internal, "a bug of kubectl-gitops",
        "An invariant of the program does not hold. Nothing you typed should be able to cause it. Please report it with the command, the version (`kubectl gitops version`) and the message. The inventory in the cluster is written before every change, so the next run converges.";
    Interrupted = "G0002", Interrupted, "interrupted",
        "The run received SIGINT or SIGTERM, let the requests in flight finish, and stopped. The inventory records everything that may have been written; run the same command again to converge.";
    Output = "G0003", User, "the result could not be written",
        "The output file or directory given with -o, or standard output, refused the result: a full disk, a missing directory or missing permission. No object was written to the cluster.";
    Declined = "G0004", Refused, "not confirmed",
        "On a terminal, objects are deleted or replaced only after a yes. Nothing was done. Pass --yes to run without the question, as runs without a terminal do.";
    Usage = "G0101", User, "the command line is wrong",
        "A flag, an argument or their combination is not understood. `kubectl gitops COMMAND --help` lists what there is, with examples.";
    NoInput = "G0102", User, "nothing to work on was given",
        "The command needs a directory (`kubectl gitops apply DIR`), `-k DIR` for a kustomization, or `-f FILE`, `-f -` or `-f URL` for plain manifests.";
    NoName = "G0103", User, "the applied set has no name",
        "Each applied set has one inventory ConfigMap, `gitops-NAME`. The name comes from --name, else from the annotation `kubectl-gitops.dev/name` of the kustomization, else from the directory's name. Input from -f has no directory and needs --name. A name is a lower-case DNS label of at most 56 characters.";
    Kubeconfig = "G0104", User, "no usable cluster configuration",
        "The kubeconfig is missing or wrong. Looked at, in order: --kubeconfig, $KUBECONFIG, ~/.kube/config, the service account of a pod, /etc/rancher/k3s/k3s.yaml. A context, cluster or user named by a flag must exist there.";
    SetNotFound = "G0105", User, "no applied set of this name",
        "No inventory ConfigMap of that name was found. `kubectl gitops status` lists the applied sets that your account can see; sets in namespaces that you cannot list are found with -n.";
    SetAmbiguous = "G0106", User, "several applied sets have this name",
        "The name exists in more than one namespace. Say which one with -n NAMESPACE.";
    NamespaceMismatch = "G0107", User, "an object's namespace is not the one given with -n",
        "As in kubectl, -n fills in a missing namespace and never overrides a written one. Drop -n, or change the manifest (a kustomization's `namespace:` field changes all of them).";
    RepositoryUrl = "G0108", User, "a repository or a reference is not named rightly",
        "A repository is named by an https, http, ssh or file URL, or by `user@host:path`; a branch or a tag by a name that Git allows, a commit by all of its 40 or 64 digits. Keys and certificates that are given for it must be such.";
    ExternalDiff = "G0109", User, "the program that shows differences failed",
        "KUBECTL_EXTERNAL_DIFF names a program and its arguments, as for `kubectl diff`; it is started with two directories. It could not be started, or ended with a code above 1. Without the variable, and with -o, differences are shown by kubectl-gitops itself.";
    Installation = "G0110", User, "an installation cannot be made like this",
        "`kubectl gitops install` checks everything that it is told before it reaches the cluster or writes a file: the address (without credentials in it), the schedule, names, which credentials go together. All that is wrong is listed. It never asks the repository itself: whether the address and the password are right is what the first run shows.";
    Host = "G0111", User, "this machine cannot be set up",
        "`kubectl gitops install --systemd` writes units below /etc/systemd/system and credentials below /etc/kubectl-gitops, as root, on a K3s server node (an agent has no kubeconfig). A unit of the same name that it did not write is never overwritten.";
    NotInstalled = "G0112", User, "no such installation",
        "`kubectl gitops uninstall` finds installations by their inventories, `gitops-install-NAME`. `kubectl gitops status` lists them as `install-NAME`; a timer on a host is found with --systemd on that host.";
    PlanFile = "G0113", User, "a plan file cannot be used",
        "`kubectl gitops apply DIR --plan FILE` reads what `--plan-out FILE` wrote, by the same version. The file is damaged, is something else, or was made by another version.";
    BadYaml = "G0201", User, "malformed YAML",
        "A file is not YAML as Kubernetes reads it. Duplicate keys are errors, as are tabs for indentation and nesting or aliases beyond the limits. The place names file, line and column.";
    Build = "G0202", User, "the kustomization cannot be built",
        "The build failed where `kustomize build` would fail, or uses a field that this version does not know. The message names the file and the field; nothing was written to the cluster.";
    DuplicateObject = "G0203", User, "two manifests are the same object",
        "Two documents have the same group, kind, namespace and name. A cluster can hold only one of them, so the later would silently win. Remove one or rename it.";
    FileMissing = "G0204", User, "a file that is named does not exist",
        "A path on the command line or in a kustomization leads nowhere. Paths in a kustomization are relative to its own directory.";
    NotAnObject = "G0205", User, "a manifest is not a Kubernetes object",
        "Every document needs `apiVersion`, `kind` and `metadata.name`. `generateName` cannot be used in a declared set: every run would create another object.";
    OutsideTree = "G0206", User, "a path leads outside its directory",
        "A symbolic link or a path with `..` leaves the tree that is being read. This protects a machine that builds other people's repositories. Copy the file, or allow it with --load-restrictor LoadRestrictionsNone where you trust the input.";
    TooLarge = "G0207", User, "an input is larger than the limit",
        "Files, whole trees, standard input and downloads are bounded, so that a hostile or accidental input cannot take the machine's memory. The message names the limit.";
    Unreadable = "G0208", User, "an input cannot be read",
        "The operating system refused to read a file or directory: mostly missing permission, or a directory where a file is expected.";
    Download = "G0209", Cluster, "a URL cannot be fetched",
        "The server of an http or https URL did not answer in time, answered with an error, or its certificate is not trusted. Nothing was written to the cluster.";
    Function = "G0210", User, "a function refused its input",
        "One of the stages that run after the build (content hashes, …) found something wrong in a resource or in its configuration.";
    NothingToApply = "G0211", Refused, "the input holds no objects",
        "The build came out empty. Against a set that holds objects this would delete all of them, so it is refused; use `kubectl gitops delete NAME` to delete a set, or --allow-empty if the emptiness is wanted.";
    Edit = "G0212", User, "a kustomization cannot be changed as wanted",
        "`kubectl gitops edit` found something that contradicts the wanted change: what is to be added is there, what is to be removed is not, or the result could not be built. Nothing was written.";
    Secrets = "G0213", User, "a file cannot be encrypted or decrypted",
        "No key at hand opens the file, it was changed without SOPS, or its recipients cannot be encrypted for here. The message names the file, its recipients and the places where keys were looked for, never a value.";
    Credentials = "G0214", User, "the credentials of a repository cannot be used",
        "The Secret, the directory or the files that hold them are missing, lack a key, or hold what does not go together. The layout is that of Flux: username and password, bearerToken, ca.crt, tls.crt and tls.key, identity and known_hosts (and password for the key's passphrase).";
    Conflict = "G0301", Refused, "fields are owned by another applier",
        "Another field manager applied the same fields with server-side apply. Two appliers of one field would overwrite each other for ever. Remove the fields from one side, or take them over with --force-conflicts.";
    OtherInventory = "G0302", Refused, "an object belongs to another applied set",
        "The object's annotation `kubectl-gitops.dev/owner` names another inventory. An object has one owner at most. Remove it from the other set first (it is pruned there, or kept with the annotation `kubectl-gitops.dev/prune: disabled`), then apply it here.";
    NotAdopted = "G0303", Refused, "an object exists that this set does not own",
        "The object is in the cluster and was made by somebody else: Helm, Argo CD, an operator or another tool. By default only objects made by kubectl or by Flux's kustomize-controller are taken over. --adopt=all takes over this one too; from then on it is pruned when it leaves the input.";
    K3sAddon = "G0304", Refused, "an object belongs to K3s itself",
        "K3s rewrites its packaged components at every start. Configure them with a HelmChartConfig, or switch the component off with --disable and bring your own.";
    OtherSource = "G0305", Refused, "the set of this name comes from another directory",
        "The inventory records where its set was applied from. The name was derived from the directory's name, and another directory with the same name would prune everything of the first. Give one of them a name of its own: --name, or the annotation `kubectl-gitops.dev/name` in the kustomization.";
    EmptySet = "G0311", Refused, "an empty input would delete the whole set",
        "The input holds no objects while the set does. This is almost always a mistake (a lost file, a wrong path). `kubectl gitops delete NAME` deletes the set; --allow-empty empties it.";
    MassPrune = "G0317", Refused, "the run would delete more than half of the set",
        "More than half of the set's objects and more than ten would be pruned. If it is wanted, run once with --allow-prune=COUNT, or put the annotation `kubectl-gitops.dev/allow-prune: \"COUNT\"` on any object of the set; the consent holds for that count only.";
    ListsItself = "G0318", Refused, "the input contains the set's own inventory",
        "The inventory ConfigMap of this set is among the objects to be applied. Remove it from the input: kubectl-gitops writes it by itself.";
    Refused = "G0319", Refused, "refused before anything was written",
        "A guard stopped the run. The message says which one and what would allow it.";
    Forbidden = "G0320", Cluster, "your account may not do what the run needs",
        "The API server answered 403 for a kind. Nothing of that kind is changed or pruned while it cannot be read. `kubectl auth can-i` shows what the account may do.";
    NamespaceMissing = "G0321", Refused, "a namespace does not exist",
        "Objects go to a namespace that neither the cluster nor the input has. Add a Namespace to the input, or let --create-namespace create it (it is then never pruned).";
    KindMissing = "G0322", User, "the cluster does not know a kind",
        "No API of the cluster serves this group and kind, and no CustomResourceDefinition in the input defines it. Install the CRD first, or correct apiVersion and kind.";
    PlanMoved = "G0323", Refused, "a plan does not fit any more",
        "`apply --plan` carries out what was looked at, or nothing. Since the plan was made, the input, the flags, the inventory or an object that it decides on has changed; the message names what. Make a new plan and look at it.";
    ObjectsFailed = "G0401", Partial, "some objects failed",
        "The API server refused some of the objects; the others are applied. Nothing is pruned after a failure. Each failed object is named with the server's reason; correct it and run again.";
    NotReady = "G0402", Timeout, "objects did not become ready in time",
        "Everything is applied, but not everything became ready within --timeout. Nothing was pruned. `kubectl gitops status NAME` shows what blocks.";
    HealthFailed = "G0403", Partial, "an object has failed for good",
        "An object reached a state that does not heal by waiting: a Job used up its retries, a Deployment exceeded its progress deadline. Nothing was pruned.";
    WouldFail = "G0404", User, "objects would fail, or cannot be compared",
        "`diff` asks the API server about every change by dry run. It refused some of them, or could not be asked. An `apply` would fail for them, go on with the others, and prune nothing. Nothing was written.";
    Locked = "G0501", Locked, "another run holds the lock",
        "Another run is working on this set and renews its lock. Wait for it, or give more time with --lock-timeout; a run that died loses its lock after 35 seconds by itself.";
    Unreachable = "G0601", Cluster, "the cluster cannot be reached",
        "No connection to the API server, or no answer in time. Check the server's address in the kubeconfig, the network and --request-timeout.";
    Unauthorized = "G0602", Cluster, "the cluster refuses the credentials",
        "The API server answered 401: a token or client certificate is missing, expired or of another cluster.";
    ClusterError = "G0603", Cluster, "the API server answered with an error",
        "The API server refused a request that the run needs. The message carries its reason.";
    InventoryUnreadable = "G0604", Refused, "the inventory cannot be understood",
        "The inventory ConfigMap was written by a newer version or was edited by hand. It is never taken for an empty one, since that would forget what to prune. Use the version that wrote it.";
    InventoryConflict = "G0605", Locked, "the inventory was changed by another run meanwhile",
        "Another run wrote the inventory between our reading and writing. Nothing of ours went past it; run again.";
    RepositoryUnreachable = "G0606", Cluster, "a repository cannot be reached",
        "No connection to the server of a Git repository, no answer in time, a certificate or a host key that is not trusted, or an answer that is not Git's. The cluster keeps what it has.";
    RepositoryDenied = "G0607", Cluster, "a repository refuses the credentials",
        "The server of a Git repository asks for other credentials (401), forbids the account what is wanted (403), or knows no such repository (404: many servers say so to accounts that may not see it).";
    ReferenceMissing = "G0608", Cluster, "a repository lacks the branch, tag or commit",
        "The repository can be read, but it has no such branch, tag, version or commit, or no such directory at it. The message names what is alike.";
    RepositoryRefused = "G0609", Cluster, "a repository's content is refused",
        "What the repository holds would harm a machine (paths and links that leave their directory, Git's own names, names that collide), exceeds a limit, is damaged, or is not signed by a key that is trusted. The message names the path or the limit. Nothing of it was applied.";
    RepositoryMoved = "G0610", Cluster, "somebody else pushed to a branch meanwhile",
        "The branch moved between our reading it and our push, so the push would have lost somebody's work. Nothing was pushed; run again, and the commit is made on what is there now.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is no code of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an error code; codes look like `G0204`")]
pub struct UnknownCode(pub String);

/// Accepts `G0204`, `g0204`, `204` and `error[G0204]`.
impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bare = text.trim().trim_start_matches("error[").trim_end_matches([':', ']']).to_ascii_uppercase();
        let digits = bare.strip_prefix('G').unwrap_or(&bare);
        CODES
            .iter()
            .copied()
            .find(|code| code.as_str()[1..] == format!("{digits:0>4}"))
            .ok_or_else(|| UnknownCode(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_sorted() {
        let texts: Vec<_> = CODES.iter().map(|code| code.as_str()).collect();
        let mut sorted = texts.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(texts, sorted);
    }

    #[test]
    fn a_code_is_found_however_it_was_copied() {
        for text in ["G0204", "g0204", "204", "error[G0204]:"] {
            assert_eq!(text.parse(), Ok(Code::FileMissing), "{text}");
        }
        assert!("G9999".parse::<Code>().is_err());
        assert!("".parse::<Code>().is_err());
    }

    #[test]
    fn every_code_explains_itself() {
        for code in CODES {
            assert!(code.explanation().len() > 60 && code.explanation().ends_with('.'), "{code}");
            assert!(!code.title().ends_with('.'), "{code}");
        }
    }
}
