//! End to end on a real Kubernetes: one behaviour per file, named for it. `make e2e` brings the cluster; without one this
//! target fails. What needs running containers is a named skip where only a fake node is to be had.

use libtest_mimic::{Arguments, Trial};
use testkit::cluster::{Cluster, Sandbox};
use testkit::git::Gitea;
use testkit::timing;

/// Declares the behaviours: a module each, with `pub(crate) fn check(&Sandbox)`.
macro_rules! behaviours {
    ($($(#[$need:ident])? $name:ident),+ $(,)?) => {
        $(mod $name;)+

        const BEHAVIOURS: &[(&str, Need, fn(&Sandbox))] = &[
            $((stringify!($name), behaviours!(@need $($need)?), $name::check)),+
        ];
    };
    (@need needs_pods) => { Need::Pods };
    (@need needs_scene) => { Need::Scene };
    (@need needs_host) => { Need::Host };
    (@need needs_shipped) => { Need::Shipped };
    (@need needs_scale) => { Need::Scale };
    (@need needs_time) => { Need::Time };
    (@need) => { Need::Nothing };
}

/// What a behaviour needs of the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Nothing,
    /// Running containers.
    Pods,
    /// Running containers of ours, and a Gitea that they reach.
    Scene,
    /// That the API server reaches what a test starts on this machine.
    Host,
    /// The program that is shipped.
    Shipped,
    /// The same, and minutes.
    Scale,
    /// Minutes.
    Time,
}

mod scene;

behaviours! {
    a_host_s_timer_syncs,
    a_broken_commit_is_recorded,
    a_clock_that_jumped_back_is_noticed,
    a_claim_waits_for_its_user,
    #[needs_pods] a_crash_is_explained,
    #[needs_pods] a_job_that_went_by_its_ttl_has_run,
    a_load_balancer_is_awaited_on_request,
    a_plan_is_carried_out_exactly,
    #[needs_scene] a_pod_tells_what_went_wrong,
    #[needs_scene] a_push_rolls_the_application,
    a_question_waits_for_a_person,
    a_repository_is_synced,
    a_repository_over_ssh_is_synced,
    #[needs_scene] a_run_without_news_costs_little,
    a_second_signal_ends_a_run_at_once,
    a_secret_of_others_rolls_its_users,
    a_signal_ends_a_run_in_order,
    a_signal_ends_a_wait_at_once,
    a_replacement_is_rehearsed,
    a_rotated_secret_is_synced_once,
    an_annotated_workload_of_nobody_rolls,
    an_object_moves_between_sets,
    another_directory_under_a_derived_name_is_refused,
    another_inventory_s_object_is_refused,
    applies_a_directory,
    bad_input_writes_nothing,
    #[needs_pods] changed_secret_rolls_its_users,
    conflicting_namespace_is_an_error,
    crd_and_custom_resource_in_one_run,
    delete_leaves_nothing,
    diff_and_apply_agree,
    diff_asks_the_server,
    diff_by_a_program_of_the_user,
    diff_changes_nothing,
    drift_is_corrected,
    empty_set_is_refused,
    #[needs_pods] failing_rollout_is_named,
    forbidden_user_gets_a_next_step,
    foreign_content_keeps_its_namespace,
    foreign_fields_are_kept,
    foreign_manager_s_object_is_refused,
    functions_run_as_stages,
    given_fields_are_left_to_others,
    install_twice_writes_nothing,
    installed_in_one_namespace,
    interrupted_run_is_finished_by_the_next,
    kubectl_s_object_is_adopted,
    missing_namespace_is_made_on_request,
    namespace_and_content_in_one_run,
    namespaced_rights_are_enough,
    objects_from_standard_input,
    plain_directory_without_a_kustomization,
    protected_object_is_kept,
    removed_field_is_removed,
    removed_object_is_pruned,
    second_apply_writes_nothing,
    status_names_the_set,
    two_runs_at_once,
    uninstall_keeps_what_was_synced,
    unreachable_cluster,
    #[needs_pods] waits_until_pods_run,
    #[needs_pods] what_pods_wait_for_is_explained,
    what_was_deleted_by_hand_comes_back,
    a_kind_from_an_operator_is_awaited,
    a_policy_denies_a_deletion,
    a_quota_that_is_used_up,
    a_role_and_its_binding,
    a_token_is_replaced_during_a_run,
    #[needs_pods] a_wait_asks_no_more_the_longer_it_takes,
    a_watched_status_asks_only_when_something_happens,
    a_webhook_comes_last_and_fails_closed,
    an_api_service_that_is_down,
    #[needs_host] an_api_service_brings_a_kind,
    #[needs_time] a_hundred_definitions_come_at_once,
    #[needs_shipped] a_thousand_objects_cost_little,
    #[needs_scale] twelve_thousand_objects_fit,
}

/// A kustomization of so many ConfigMaps, `SET-0` and on.
fn config_maps(set: &str, count: usize) -> String {
    let maps: Vec<String> = (0..count).map(|n| format!("- name: {set}-{n}\n  literals: [a={n}]\n")).collect();
    format!("configMapGenerator:\n{}generatorOptions: {{disableNameSuffixHash: true}}\n", maps.concat())
}

/// A kubeconfig for a gate on this machine.
fn kubeconfig(url: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{{name: c, cluster: {{server: '{url}'}}}}]\n\
         users: [{{name: c, user: {{}}}}]\ncontexts: [{{name: c, context: {{cluster: c, user: c}}}}]\n"
    )
}

/// A name that no other run has, for what cannot live in the sandbox's own namespace.
fn unique(sandbox: &Sandbox, word: &str) -> String {
    let run = sandbox.namespace.rsplit('-').next().expect("a namespace ends with the run");
    format!("{word}-{run}")
}

/// How many of them are there.
fn made(sandbox: &Sandbox, set: &str) -> usize {
    let names = sandbox.kubectl(&["get", "configmaps", "-l", "kubectl-gitops.dev/inventory", "-o", "name"]).ok();
    names.lines().filter(|name| name.starts_with(&format!("configmap/{set}-"))).count()
}

fn main() -> std::process::ExitCode {
    match timing::is_the_copy() {
        Ok(false) => {}
        Ok(true) => return std::process::ExitCode::SUCCESS,
        Err(_) => return std::process::ExitCode::FAILURE,
    }
    let mut arguments = Arguments::from_args();
    // Each behaviour waits for the server most of its time; two cores carry four of them.
    arguments.test_threads = arguments.test_threads.or(Some(4));
    let cluster = match Cluster::from_env(env!("CARGO_BIN_EXE_kubectl-gitops")) {
        Ok(cluster) => Some(cluster),
        // Listing needs no cluster; running does.
        Err(_) if arguments.list => None,
        Err(reason) => {
            #[expect(clippy::print_stderr, reason = "the reason why nothing ran")]
            {
                eprintln!("{reason}");
            }
            return std::process::ExitCode::FAILURE;
        }
    };
    let trials = BEHAVIOURS.iter().map(|(name, need, check)| trial(cluster.clone(), name, *need, *check)).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn not_shipped(cluster: &Cluster) -> Option<&'static str> {
    cluster
        .shipped()
        .is_none()
        .then_some("needs the program that is shipped: set GITOPS_E2E_SHIPPED, or run `make e2e`")
}

fn takes_time() -> Option<&'static str> {
    std::env::var_os("GITOPS_E2E_SCALE").is_none().then_some("takes minutes: `make test-full` runs it")
}

fn trial(cluster: Option<Cluster>, name: &'static str, need: Need, check: fn(&Sandbox)) -> Trial {
    let reason = cluster.as_ref().and_then(|cluster| match need {
        Need::Nothing => None,
        Need::Pods => cluster.no_pods(),
        Need::Scene => cluster.no_pods().or_else(|| cluster.no_image()).or_else(Gitea::missing),
        Need::Host => cluster.no_way_back(),
        Need::Shipped => not_shipped(cluster),
        Need::Scale => not_shipped(cluster).or_else(takes_time),
        Need::Time => takes_time(),
    });
    if let Some(reason) = reason {
        #[expect(clippy::print_stdout, reason = "the summary of `make test` collects these lines")]
        {
            println!("skipped: e2e {name}: {reason}");
        }
    }
    Trial::test(name, move || {
        let cluster = cluster.expect("only listing goes on without a cluster");
        check(&cluster.sandbox(name));
        Ok(())
    })
    .with_ignored_flag(reason.is_some())
}
