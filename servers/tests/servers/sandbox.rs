//! A narrower world for a server: fewer descriptors, fewer privileges, system calls that fail.

use std::ffi::CString;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::ptr::null_mut;

use libc::{c_int, c_long, sock_filter};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Gid, Uid, fork, geteuid, setgid, setuid};

use crate::shortage;

/// A user that owns nothing.
const NOBODY: u32 = 65534;

#[derive(Clone, Default)]
pub(crate) struct Sandbox {
    descriptors: Option<u64>,
    unprivileged: bool,
    filter: Option<Filter>,
}

/// A system call and what a filter says to it.
#[derive(Clone, Copy)]
struct Filter {
    call: c_long,
    how: u32,
    /// Only where the second argument is this and the third at least this.
    if_second_is_and_third_from: Option<(u32, u32)>,
}

impl Sandbox {
    /// RLIMIT_NOFILE, soft and hard.
    pub(crate) fn with_descriptors(limit: u64) -> Self {
        Self {
            descriptors: Some(limit),
            ..Self::default()
        }
    }

    /// Without root's privileges, where the tests have them.
    pub(crate) fn unprivileged() -> Self {
        Self {
            unprivileged: true,
            ..Self::default()
        }
    }

    /// Why no system call can be made to fail here, if so.
    pub(crate) fn unable_to_fail() -> Option<&'static str> {
        let able = std::path::Path::new("/proc/sys/kernel/seccomp/actions_avail").exists();
        (!able).then_some("this kernel has no seccomp filters")
    }

    /// Where a system call always fails.
    pub(crate) fn failing(call: c_long, errno: c_int) -> Self {
        Self {
            filter: Some(Filter {
                call,
                how: libc::SECCOMP_RET_ERRNO | errno as u32,
                if_second_is_and_third_from: None,
            }),
            ..Self::default()
        }
    }

    /// Where epoll watches no descriptor of this number or a higher one, as if the user had all the watches allowed.
    pub(crate) fn without_watches_from(fd: u32) -> Self {
        Self {
            filter: Some(Filter {
                call: libc::SYS_epoll_ctl,
                how: libc::SECCOMP_RET_ERRNO | libc::ENOSPC as u32,
                if_second_is_and_third_from: Some((libc::EPOLL_CTL_ADD as u32, fd)),
            }),
            ..Self::default()
        }
    }

    /// Where [`crate::shortage::Shortage`] decides whether a client can be accepted.
    pub(crate) fn supervised() -> Self {
        Self {
            filter: Some(Filter {
                call: libc::SYS_accept4,
                how: libc::SECCOMP_RET_USER_NOTIF,
                if_second_is_and_third_from: None,
            }),
            ..Self::default()
        }
    }

    /// A command that runs `binary` in this world.
    pub(crate) fn command(&self, binary: &str) -> Command {
        const PROGRAM: c_int = 40;
        let drop_privileges = self.unprivileged && geteuid().is_root();
        // Nobody may not be allowed to look into the directories above the binary, so root opens it beforehand.
        let mut command = if drop_privileges {
            Command::new(format!("/proc/self/fd/{PROGRAM}"))
        } else {
            Command::new(binary)
        };
        let path = CString::new(binary).expect("a path without NUL");
        let descriptors = self.descriptors;
        let filter = self.filter.map(Filter::program);
        let supervised = self
            .filter
            .is_some_and(|filter| filter.how == libc::SECCOMP_RET_USER_NOTIF);
        // SAFETY: between fork and exec only system calls are made, on memory that was set up before.
        unsafe {
            command.pre_exec(move || {
                if drop_privileges {
                    check(libc::dup3(
                        check(libc::open(path.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC))?,
                        PROGRAM,
                        libc::O_CLOEXEC,
                    ))?;
                    become_nobody()?;
                }
                if let Some(limit) = descriptors {
                    setrlimit(Resource::RLIMIT_NOFILE, limit, limit)?;
                }
                if let Some(filter) = &filter {
                    let program = libc::sock_fprog {
                        len: filter.len() as u16,
                        filter: filter.as_ptr().cast_mut(),
                    };
                    check(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))?;
                    if supervised {
                        shortage::submit_to(&program)?;
                    } else {
                        check(libc::prctl(
                            libc::PR_SET_SECCOMP,
                            libc::SECCOMP_MODE_FILTER,
                            &raw const program,
                        ))?;
                    }
                }
                Ok(())
            });
        }
        command
    }
}

/// Sets the soft RLIMIT_NPROC of an unprivileged server that runs, and returns what it was.
pub(crate) fn set_task_limit(pid: u32, soft: u64) -> u64 {
    // Ours, which it has inherited.
    let (before, hard) = getrlimit(Resource::RLIMIT_NPROC).expect("a limit");
    // Even root may lack the right to do this to another user's process, so that user does it.
    // SAFETY: the child makes system calls only.
    match unsafe { fork() }.expect("fork") {
        ForkResult::Child => {
            let limit = libc::rlimit {
                rlim_cur: soft,
                rlim_max: hard,
            };
            if geteuid().is_root() {
                let _ = become_nobody();
            }
            // SAFETY: reads a valid struct; ends the process.
            unsafe {
                libc::_exit(libc::prlimit(
                    pid as i32,
                    libc::RLIMIT_NPROC,
                    &raw const limit,
                    null_mut(),
                ))
            }
        }
        ForkResult::Parent { child } => {
            let status = waitpid(child, None).expect("a child");
            assert_eq!(status, WaitStatus::Exited(child, 0), "prlimit");
        }
    }
    before
}

fn become_nobody() -> nix::Result<()> {
    setgid(Gid::from_raw(NOBODY))?;
    setuid(Uid::from_raw(NOBODY))
}

impl Filter {
    /// The filter that seccomp(2) runs before every system call.
    fn program(self) -> Vec<sock_filter> {
        // struct seccomp_data: the number at 0, the arguments as 64-bit words from 16 on.
        let (number, second, third) = (0, 24, 32);
        let load = |offset| step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset, 0, 0);
        let skip_unless_equal = |value, steps| step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, value, 0, steps);
        let skip_if_below = |value, steps| step(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, value, 0, steps);
        let answer = |value| step(libc::BPF_RET | libc::BPF_K, value, 0, 0);
        let fail = answer(self.how);
        let allow = answer(libc::SECCOMP_RET_ALLOW);
        let call = self.call as u32;
        match self.if_second_is_and_third_from {
            None => vec![load(number), skip_unless_equal(call, 1), fail, allow],
            Some((is, from)) => vec![
                load(number),
                skip_unless_equal(call, 5),
                load(second),
                skip_unless_equal(is, 3),
                load(third),
                skip_if_below(from, 1),
                fail,
                allow,
            ],
        }
    }
}

fn step(code: u32, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter {
        code: code as u16,
        jt,
        jf,
        k,
    }
}

pub(crate) fn check(result: c_int) -> io::Result<c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}
