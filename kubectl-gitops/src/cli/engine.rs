//! Flags of `kustomize build` that decide how a kustomization is built: `build`, `diff` and `apply` take them alike, so that what
//! is shown is what is applied.

use crate::settings::{EngineSettings, LoadRestrictor};

use super::flags::choice;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Kustomization")]
pub(super) struct EngineArgs {
    /// May a kustomization read files outside its own directory?
    #[arg(long, value_name = "MODE", value_parser = choice::<LoadRestrictor>(LoadRestrictor::WORDS), default_value = LoadRestrictor::RootOnly.word(), hide_default_value = true, hide_short_help = true)]
    load_restrictor: LoadRestrictor,
    /// Run functions: containers, and with --enable-exec programs
    #[arg(long, hide_short_help = true)]
    enable_alpha_plugins: bool,
    /// Run functions that are programs; only for trees that you trust like your own shell
    #[arg(long, hide_short_help = true)]
    enable_exec: bool,
    /// Let functions that ask for the network have it
    #[arg(long, hide_short_help = true)]
    network: bool,
    /// Network of containers; kustomize takes it and uses the host's, and so is done here
    #[arg(long, value_name = "NAME", default_value = "bridge", hide = true)]
    network_name: String,
    /// Mount for the containers of functions, as `type=bind,src=DIR,dst=PATH,rw=true`; may be repeated
    #[arg(long, value_name = "MOUNT", hide_short_help = true)]
    mount: Vec<String>,
    /// Variable for functions, as NAME=VALUE, or NAME to pass it on to a container; may be repeated
    #[arg(short, long, value_name = "ENTRY", hide_short_help = true)]
    env: Vec<String>,
    /// Run containers of functions with your own user and group
    #[arg(long, hide_short_help = true)]
    as_current_user: bool,
    /// Render helmCharts with helm
    #[arg(long, hide_short_help = true)]
    enable_helm: bool,
    /// The helm to run: a name on the PATH, or a path
    #[arg(long, value_name = "COMMAND", default_value = "helm", hide_short_help = true)]
    helm_command: String,
    /// API version that charts find in the cluster; may be repeated
    #[arg(long, value_name = "VERSION", hide_short_help = true)]
    helm_api_versions: Vec<String>,
    /// Kubernetes version that charts are rendered for
    #[arg(long, value_name = "VERSION", default_value = "", hide_default_value = true, hide_short_help = true)]
    helm_kube_version: String,
    /// Let helm say more
    #[arg(long, hide_short_help = true)]
    helm_debug: bool,
}

impl EngineArgs {
    pub(super) fn into_settings(self) -> EngineSettings {
        let Self {
            load_restrictor,
            enable_alpha_plugins,
            enable_exec,
            network,
            network_name: _,
            mount,
            env,
            as_current_user,
            enable_helm,
            helm_command,
            helm_api_versions,
            helm_kube_version,
            helm_debug,
        } = self;
        EngineSettings {
            load_restrictor,
            alpha_plugins: enable_alpha_plugins,
            exec: enable_exec,
            network,
            mounts: mount,
            env,
            as_current_user,
            helm: enable_helm,
            helm_command,
            helm_api_versions,
            helm_kube_version,
            helm_debug,
            ..EngineSettings::default()
        }
    }
}
