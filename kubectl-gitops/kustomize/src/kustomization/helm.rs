//! The fields of `helmGlobals`, `helmCharts` and their forerunner. Owns names and shapes; must not know what a field does.

use krm::Node;

use super::decode::{Decode, DecodeError, Located, Place, record};

record! {
    /// `helmGlobals`
    HelmGlobals {
        /// `chartHome`
        chart_home: String = "chartHome",
        /// `configHome`
        config_home: String = "configHome",
    }
}

record! {
    /// One item of `helmCharts`.
    HelmChart {
        /// `name`
        name: String = "name",
        /// `version`
        version: String = "version",
        /// `repo`
        repo: String = "repo",
        /// `releaseName`
        release_name: String = "releaseName",
        /// `namespace`
        namespace: String = "namespace",
        /// `additionalValuesFiles`
        additional_values_files: Vec<Located> = "additionalValuesFiles",
        /// `valuesFile`
        values_file: Located = "valuesFile",
        /// `valuesInline`
        values_inline: Option<AnyNode> = "valuesInline",
        /// `valuesMerge`: `override`, `replace` or `merge`
        values_merge: String = "valuesMerge",
        /// `includeCRDs`
        include_crds: bool = "includeCRDs",
        /// `skipHooks`
        skip_hooks: bool = "skipHooks",
        /// `apiVersions`
        api_versions: Vec<String> = "apiVersions",
        /// `kubeVersion`
        kube_version: String = "kubeVersion",
        /// `nameTemplate`
        name_template: String = "nameTemplate",
        /// `skipTests`
        skip_tests: bool = "skipTests",
        /// `debug`
        debug: bool = "debug",
        /// `devel`
        devel: bool = "devel",
    }
}

record! {
    /// One item of `helmChartInflationGenerator`.
    HelmChartArgs {
        /// `chartName`
        chart_name: String = "chartName",
        /// `chartVersion`
        chart_version: String = "chartVersion",
        /// `chartRepoUrl`
        chart_repo_url: String = "chartRepoUrl",
        /// `chartHome`
        chart_home: String = "chartHome",
        /// `chartRepoName`
        chart_repo_name: String = "chartRepoName",
        /// `helmBin`
        helm_bin: String = "helmBin",
        /// `helmHome`
        helm_home: String = "helmHome",
        /// `values`
        values: Located = "values",
        /// `valuesLocal`
        values_local: Option<AnyNode> = "valuesLocal",
        /// `valuesMerge`
        values_merge: String = "valuesMerge",
        /// `releaseName`
        release_name: String = "releaseName",
        /// `releaseNamespace`
        release_namespace: String = "releaseNamespace",
        /// `extraArgs`
        extra_args: Vec<String> = "extraArgs",
    }
}

/// Content that has no shape of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct AnyNode(pub Node);

impl Default for AnyNode {
    fn default() -> Self {
        Self(Node::null())
    }
}

impl Decode for AnyNode {
    fn decode(&mut self, node: &Node, at: &Place<'_>) -> Result<(), DecodeError> {
        self.0.decode(node, at)
    }
}
