//! A control group (version 2) of a server's own, whose `cpu.stat` tells the CPU time of its whole process tree, of
//! those that came and went too: the next source where perf events cannot be had, and the better one for the division
//! into user and system, which perf's task clock does not tell.
//!
//! Whether a group may be made is found out by trying: root may, and so may whoever was given the group that the runner
//! is in (`systemd-run --user --scope -p Delegate=yes`). No controller is asked for, because CPU time is counted
//! without any (Documentation/admin-guide/cgroup-v2.rst, `cpu.stat`): the scheduler treats the server as before.

use std::fs::{self, File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use loadgen::clock::{nanoseconds, now_ns};

use super::wait;
use crate::environment::{flat_key, own_group};

/// Begins the name of each group that is made here; the runner's process id and a number follow.
const PREFIX: &str = "bench-runner-";
/// A group whose last process has just ended is busy for some milliseconds more.
const TO_REMOVE: Duration = Duration::from_secs(1);

/// A server's group. It is removed when this is dropped, and whatever is still in it is killed.
#[derive(Debug)]
pub(super) struct Group {
    directory: PathBuf,
    /// Opened beforehand: between fork and exec a child may write, but not look for a file.
    members: File,
}

/// What a group has used up to one moment, or between two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CpuStat {
    pub(super) at_ns: u64,
    pub(super) usage_us: u64,
    pub(super) user_us: u64,
    pub(super) system_us: u64,
}

impl Group {
    /// A new and empty group below the runner's own, or why there is none.
    pub(super) fn make() -> Result<Self, String> {
        let own = own_group().ok_or("control groups of version 2 are not mounted here")?;
        sweep(&own);
        Self::below(&own)
    }

    fn below(own: &Path) -> Result<Self, String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("{PREFIX}{}-{}", std::process::id(), COUNT.fetch_add(1, Relaxed));
        let directory = own.join(name);
        fs::create_dir(&directory).map_err(|error| {
            format!(
                "no control group may be made ({error}): run as root, or under systemd-run --user --scope -p Delegate=yes"
            )
        })?;
        let opened = OpenOptions::new().write(true).open(directory.join("cgroup.procs"));
        let group = match opened {
            Ok(members) => Self { directory, members },
            Err(error) => {
                let _ = fs::remove_dir(&directory);
                return Err(format!("no process can be put into a control group ({error})"));
            }
        };
        // Pressure is told of each group by work at every switch, and nobody reads it here. Older kernels lack the file.
        let _ = fs::write(group.directory.join("cgroup.pressure"), "0");
        group.cpu()?;
        Ok(group)
    }

    /// Has a command enter the group before its program begins. Where the kernel does not let it, the program begins
    /// all the same, and [`Group::holds`] tells.
    pub(super) fn admit(&self, command: &mut Command) {
        let members = self.members.as_raw_fd();
        // SAFETY: write(2) is async-signal-safe, and the descriptor is open for as long as this group, which outlives the
        // spawning. `0` stands for whoever writes it.
        unsafe {
            command.pre_exec(move || {
                libc::write(members, b"0\n".as_ptr().cast(), 2);
                Ok(())
            });
        }
    }

    /// Whether a process is in the group.
    pub(super) fn holds(&self, pid: u32) -> bool {
        let members = fs::read_to_string(self.directory.join("cgroup.procs")).unwrap_or_default();
        members.lines().any(|line| line.parse() == Ok(pid))
    }

    /// What it has used so far, or why that is not known.
    pub(super) fn cpu(&self) -> Result<CpuStat, String> {
        let stat = fs::read_to_string(self.directory.join("cpu.stat"))
            .map_err(|error| format!("cpu.stat of the server's control group: {error}"))?;
        CpuStat::parse(&stat).ok_or_else(|| "cpu.stat of the server's control group lacks usage_usec".to_owned())
    }
}

impl CpuStat {
    fn parse(stat: &str) -> Option<Self> {
        Some(Self {
            at_ns: now_ns(),
            usage_us: flat_key(stat, "usage_usec")?,
            user_us: flat_key(stat, "user_usec")?,
            system_us: flat_key(stat, "system_usec")?,
        })
    }

    /// What was used between an earlier moment and this one. No time at all is none that was counted: a server that
    /// has left its group would look like one that costs nothing.
    pub(super) fn since(self, earlier: Self) -> Result<Self, String> {
        let span = Self {
            at_ns: self.at_ns.saturating_sub(earlier.at_ns),
            usage_us: self.usage_us.saturating_sub(earlier.usage_us),
            user_us: self.user_us.saturating_sub(earlier.user_us),
            system_us: self.system_us.saturating_sub(earlier.system_us),
        };
        if span.usage_us == 0 {
            return Err("no CPU time was counted in the server's control group".to_owned());
        }
        Ok(span)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // What has left the server's process group and lives on is in this one still.
        let _ = fs::write(self.directory.join("cgroup.kill"), "1");
        let deadline = now_ns() + nanoseconds(TO_REMOVE);
        while fs::remove_dir(&self.directory).is_err() && self.directory.exists() && now_ns() < deadline {
            wait::nap(Duration::from_millis(1));
        }
    }
}

/// Removes the empty groups of runners that were killed and could not do so themselves.
fn sweep(own: &Path) {
    let names = fs::read_dir(own).into_iter().flatten().flatten();
    for name in names.filter_map(|entry| entry.file_name().into_string().ok()) {
        let runner = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
        if runner.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            let _ = fs::remove_dir(own.join(name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "usage_usec 197371\nuser_usec 190000\nsystem_usec 7371\nnice_usec 0\n";

    /// A directory in which groups are made as in a hierarchy of version 2, save that nothing fills them.
    fn pretended(files: &[(&str, &str)]) -> (tempfile::TempDir, Group) {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let members = File::create(dir.path().join("cgroup.procs")).unwrap();
        let directory = dir.path().to_owned();
        (dir, Group { directory, members })
    }

    #[test]
    fn cpu_stat_is_read() {
        let (_dir, group) = pretended(&[("cpu.stat", STAT)]);
        let read = group.cpu().unwrap();
        assert_eq!((read.usage_us, read.user_us, read.system_us), (197_371, 190_000, 7371));
        let (_dir, bare) = pretended(&[]);
        assert!(bare.cpu().unwrap_err().contains("cpu.stat"));
        let (_dir, odd) = pretended(&[("cpu.stat", "nr_periods 3\n")]);
        assert!(odd.cpu().unwrap_err().contains("usage_usec"));
    }

    #[test]
    fn a_span_without_any_time_is_missing_and_not_0() {
        let stat = |at_ns, usage_us| CpuStat {
            at_ns,
            usage_us,
            user_us: usage_us / 4,
            system_us: usage_us - usage_us / 4,
        };
        assert_eq!(stat(50, 500).since(stat(20, 100)), Ok(stat(30, 400)));
        assert!(stat(50, 100).since(stat(20, 100)).unwrap_err().contains("no CPU time"));
    }

    #[test]
    fn where_no_group_may_be_made_it_is_said_why() {
        let why = Group::below(Path::new("/does/not/exist")).unwrap_err();
        assert!(why.contains("may be made") && why.contains("Delegate=yes"), "{why}");
        // A directory that is no hierarchy of control groups has no files of theirs.
        let dir = tempfile::tempdir().unwrap();
        let why = Group::below(dir.path()).unwrap_err();
        assert!(why.contains("no process can be put"), "{why}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is left");
    }

    #[test]
    fn what_a_killed_runner_left_is_removed_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let own = format!("{PREFIX}{}-0", std::process::id());
        for name in ["bench-runner-2000000000-3", &own, "somebody-elses"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        sweep(dir.path());
        let mut left: Vec<_> = fs::read_dir(dir.path())
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .collect();
        left.sort();
        assert_eq!(left, [own.as_str(), "somebody-elses"]);
    }

    /// With a real hierarchy, where this user may make groups.
    #[test]
    fn a_tree_is_counted_in_a_group_of_its_own() {
        let group = match Group::make() {
            Ok(group) => group,
            Err(why) => {
                println!("skipped: {why}");
                return;
            }
        };
        let before = group.cpu().unwrap();
        assert!(
            before.since(before).is_err(),
            "an empty group has used nothing, which is no 0"
        );
        // The grandchildren are gone when it is read; the shell waits so that it can be found.
        let script =
            "for i in 1 2 3; do sh -c 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done'; done; echo; read end";
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped());
        group.admit(&mut command);
        let mut shell = command.spawn().unwrap();
        let mut line = String::new();
        let told = std::io::BufReader::new(shell.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut { told }, &mut line).unwrap();
        assert!(group.holds(shell.id()) && !group.holds(std::process::id()));
        let span = group.cpu().unwrap().since(before).unwrap();
        assert!(span.usage_us > 1000, "three loops of 20,000 turns: {span:?}");
        assert!(span.user_us + span.system_us <= span.usage_us + 1, "{span:?}");
        drop(shell.stdin.take());
        shell.wait().unwrap();
        let directory = group.directory.clone();
        drop(group);
        assert!(!directory.exists());
    }

    /// With a real hierarchy: what escapes the server's process group does not escape this one.
    #[test]
    fn what_is_left_in_a_group_is_killed() {
        let Ok(group) = Group::make() else { return };
        let mut command = Command::new("sleep");
        command.arg("600").process_group(0);
        group.admit(&mut command);
        let mut sleeper = command.spawn().unwrap();
        assert!(group.holds(sleeper.id()));
        // A zombie keeps no group busy, so that the removal need not wait for us.
        let directory = group.directory.clone();
        drop(group);
        assert!(!sleeper.wait().unwrap().success());
        assert!(!directory.exists());
    }
}
