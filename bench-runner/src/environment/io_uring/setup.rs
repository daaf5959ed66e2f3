//! io_uring_setup(2), asked and given back.

use std::io;

use super::Probe;

/// `include/uapi/linux/io_uring.h`; SINGLE_ISSUER came with 6.0, DEFER_TASKRUN with 6.1.
const IORING_SETUP_SINGLE_ISSUER: u32 = 1 << 12;
const IORING_SETUP_DEFER_TASKRUN: u32 = 1 << 13;

pub(super) fn probe() -> Probe {
    match ring(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN) {
        Ok(()) => Probe::Works,
        // An unknown flag is EINVAL; whether anything works at all is another question.
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => match ring(0) {
            Ok(()) => Probe::Old,
            Err(error) => Probe::Refused(name(&error)),
        },
        Err(error) => Probe::Refused(name(&error)),
    }
}

/// Makes the smallest ring there is and gives it back.
fn ring(flags: u32) -> io::Result<()> {
    const ENTRIES: libc::c_uint = 1;
    // struct io_uring_params: 120 bytes of u32s, the third of which holds the flags.
    let mut params = [0u32; 30];
    params[2] = flags;
    // SAFETY: the kernel reads and writes exactly the 120 bytes behind the pointer, which live for the whole call.
    let fd = unsafe { libc::syscall(libc::SYS_io_uring_setup, ENTRIES, params.as_mut_ptr()) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor was just made by the call above and nobody else knows it.
    unsafe { libc::close(fd as libc::c_int) };
    Ok(())
}

fn name(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(code) => format!("{:?}", nix::errno::Errno::from_raw(code)),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_names() {
        assert_eq!(name(&io::Error::from_raw_os_error(libc::EPERM)), "EPERM");
        assert_eq!(name(&io::Error::from_raw_os_error(libc::ENOSYS)), "ENOSYS");
    }

    #[test]
    fn an_impossible_flag_is_refused() {
        // A sandbox may say EPERM or ENOSYS first; what may not happen is a ring.
        assert!(ring(1 << 31).is_err());
    }
}
