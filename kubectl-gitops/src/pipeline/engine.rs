//! What the build engine is told: kustomize's flags as its options. Owns that translation.

use kustomize::{FunctionOptions, HelmOptions, Options, Reorder, Restriction};

use crate::settings::{self, EngineSettings, LoadRestrictor};
use crate::source;

pub(super) fn options(settings: &EngineSettings) -> Options {
    let EngineSettings {
        load_restrictor,
        reorder,
        managed_by_label,
        alpha_plugins,
        exec,
        network,
        mounts,
        env,
        as_current_user,
        helm,
        helm_command,
        helm_api_versions,
        helm_kube_version,
        helm_debug,
        cache_dir: _,
    } = settings;
    Options {
        restriction: match load_restrictor {
            LoadRestrictor::RootOnly => Restriction::RootOnly,
            LoadRestrictor::None => Restriction::None,
        },
        reorder: match reorder {
            None | Some(settings::Reorder::Legacy) => Reorder::Legacy,
            Some(settings::Reorder::None) => Reorder::None,
        },
        managed_by_label: *managed_by_label,
        alpha_plugins: *alpha_plugins,
        functions: FunctionOptions {
            exec: *exec,
            network: *network,
            mounts: mounts.clone(),
            env: env.clone(),
            user: if *as_current_user { source::current_user() } else { None },
            plugin_home: if *alpha_plugins { source::plugin_home() } else { None },
        },
        helm: HelmOptions {
            // Plugins of any kind bring charts with them.
            enabled: *helm || *alpha_plugins,
            command: helm_command.clone(),
            api_versions: helm_api_versions.clone(),
            kube_version: helm_kube_version.clone(),
            debug: *helm_debug,
        },
    }
}
