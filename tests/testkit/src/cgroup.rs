//! Memory of a pod as the kernel counted it, read on this machine: the nodes of the test cluster keep their control groups where the
//! host sees them. Of a cluster elsewhere there is nothing to be read.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use walkdir::WalkDir;

const ROOT: &str = "/sys/fs/cgroup";
/// Where a controller's own tree is mounted (v1), the groups of the cluster, of Kubernetes, of the class, of the pod.
const DEPTH_MAX: usize = 7;
/// How often it is read. The kernel keeps the highest value itself, until the group is removed.
const PAUSE: Duration = Duration::from_millis(10);

/// Reads the highest memory of one pod until it is asked for.
#[derive(Debug)]
pub struct PodMemory {
    highest: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl PodMemory {
    /// From now on. None where the pod's group is not to be found: it runs elsewhere, or is gone.
    pub fn of(uid: &str) -> Option<Self> {
        let file = counter(uid)?;
        let (highest, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (store, ended) = (Arc::clone(&highest), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            while let Some(bytes) = read(&file) {
                store.fetch_max(bytes, Ordering::Relaxed);
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                std::thread::sleep(PAUSE);
            }
        });
        Some(Self { highest, stop, thread: Some(thread) })
    }

    /// The highest number of bytes that the whole pod had.
    pub fn highest(mut self) -> u64 {
        self.end();
        self.highest.load(Ordering::Relaxed)
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl Drop for PodMemory {
    fn drop(&mut self) {
        self.end();
    }
}

/// The file that holds the highest value: of cgroup v2 and of v1, as a kubelet names groups with and without systemd.
fn counter(uid: &str) -> Option<PathBuf> {
    let (plain, slice) = (format!("pod{uid}"), format!("-pod{}.slice", uid.replace('-', "_")));
    let groups = WalkDir::new(ROOT).max_depth(DEPTH_MAX).into_iter().flatten().filter(|entry| {
        let name = entry.file_name().to_string_lossy();
        entry.file_type().is_dir() && (name == plain.as_str() || name.ends_with(&slice))
    });
    let counters = |group: &Path| ["memory.peak", "memory.max_usage_in_bytes"].map(|name| group.join(name));
    groups.flat_map(|group| counters(group.path())).find(|file| file.is_file())
}

fn read(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}
