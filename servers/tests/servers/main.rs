//! Every server over real sockets: one table of models, one list of cases for each kind of model.
//!
//! A test's name is `model::case` or `model::protocol::case`, so a failure says what broke and where. A new server is
//! a new line in the table below.
//!
//! Nothing here sleeps and hopes: a test waits for a condition, with a deadline long enough for a busy machine, and
//! none asserts a speed.

mod bytes;
mod client;
mod crowds;
mod facts;
mod harness;
mod http;
mod limits;
mod processes;
mod sandbox;
mod shortage;
mod starts;
mod stops;
mod work;
mod workers;

/// A server and what a test must know of it.
struct Model {
    name: &'static str,
    binary: &'static str,
    /// Whether one client can hold up all others.
    one_at_a_time: bool,
    /// Whether it asks without end instead of waiting, so that it is never idle.
    spins: bool,
}

impl Model {
    /// Why this machine cannot run the model at all, if so.
    fn unavailable(&self) -> Option<String> {
        if self.name != "io-uring" {
            return None;
        }
        let probe = || {
            let mut builder: ::io_uring::Builder = ::io_uring::IoUring::builder();
            builder.setup_single_issuer().setup_defer_taskrun().build(1).err()
        };
        // In a thread of its own: the kernel clears a ring away by interrupting the thread that made it.
        let error = std::thread::spawn(probe).join().expect("a probe that returns");
        error.map(|error| format!("no io_uring here: {error}"))
    }
}

/// `tests!(model, module: case, case)`: a test for each case, which is a function that takes the model.
macro_rules! tests {
    ($model:expr, $cases:ident: $($case:ident),+ $(,)?) => {
        $(#[test]
        fn $case() {
            match $model.unavailable() {
                Some(reason) => eprintln!("skipped: {reason}"),
                None => $crate::$cases::$case(&$model),
            }
        })+
    };
}

/// As `tests!`, once for each protocol.
macro_rules! tests_of_every_protocol {
    ($model:expr, $cases:ident: $($case:ident),+ $(,)?) => {
        tests_of_a_protocol! { echo, Echo, $model, $cases: $($case),+ }
        tests_of_a_protocol! { reply, Reply, $model, $cases: $($case),+ }
        tests_of_a_protocol! { http, Http, $model, $cases: $($case),+ }
    };
}

macro_rules! tests_of_a_protocol {
    ($module:ident, $protocol:ident, $model:expr, $cases:ident: $($case:ident),+) => {
        mod $module {
            $(#[test]
            fn $case() {
                match $model.unavailable() {
                    Some(reason) => eprintln!("skipped: {reason}"),
                    None => $crate::$cases::$case(&$model, $crate::client::Protocol::$protocol),
                }
            })+
        }
    };
}

/// `name: binary, kind` gives the model a module of its own with the tests that its kind has.
macro_rules! models {
    ($($name:ident: $binary:literal, $kind:ident;)+) => {
        $(mod $name {
            const MODEL: crate::Model = crate::Model {
                name: $binary.split_at("server-".len()).1,
                binary: env!(concat!("CARGO_BIN_EXE_", $binary)),
                one_at_a_time: models!(@one_at_a_time $kind),
                spins: models!(@spins $kind),
            };
            models! { @every MODEL }
            models! { @$kind MODEL }
        })+
    };

    (@one_at_a_time one_client) => { true };
    (@one_at_a_time $kind:ident) => { false };
    (@spins spinning) => { true };
    (@spins $kind:ident) => { false };

    (@every $model:ident) => {
        tests_of_every_protocol! { super::$model, bytes:
            split_requests, merged_requests, writes_of_one_byte, half_close, half_close_seen_at_once,
            slow_reader, garbage,
        }
        mod work {
            tests_of_a_protocol! { echo, Echo, super::super::$model, work:
                waits_keep_the_order, computing_keeps_the_order, a_wait_is_its_own
            }
            tests_of_a_protocol! { reply, Reply, super::super::$model, work:
                waits_keep_the_order, computing_keeps_the_order, a_wait_is_its_own
            }
            tests_of_a_protocol! { http, Http, super::super::$model, work:
                waits_keep_the_order, computing_keeps_the_order
            }
        }
        tests! { $model, work: gone_before_the_wait_is_over, work_that_is_none }
        tests! { $model, bytes: large_requests, large_replies }
        mod http_alone {
            tests! { super::$model, http:
                every_kind_of_request, refusals_arrive, a_refusal_behind_all_that_is_owed, the_last_request_waits,
                a_client_that_never_closes,
            }
        }
        tests! { $model, crowds: reset_in_mid_request, clients_that_vanish, sixty_four_at_once }
        tests! { $model, starts:
            version_and_help, address_in_use, address_of_another_machine, address_that_is_none, privileged_port,
        }
        tests! { $model, stops:
            sigterm_while_idle, sigint_while_idle, quit_while_idle, end_of_stdin_while_idle,
            sigterm_under_load, sigint_under_load, quit_under_load, end_of_stdin_under_load,
            stdin_means_nothing_without_the_flag, lines_that_are_not_quit, quit_in_pieces, what_was_counted,
        }
    };

    // Bounded by its one worker: newcomers wait in the accept queue.
    (@one_client $model:ident) => {
        tests! { $model, crowds: the_second_waits_for_the_first }
    };
    // Bounded by workers that were made beforehand, which are threads.
    (@worker_threads $model:ident) => {
        tests! { $model, crowds: silent_clients_hold_up_nobody }
        tests! { $model, workers: one_more_than_workers_waits, stops_while_all_are_busy }
    };
    // Or processes.
    (@worker_processes $model:ident) => {
        models! { @worker_threads $model }
        tests! { $model, workers: a_killed_worker_is_replaced, no_worker_outlives_the_server }
    };
    // Bounded by the processes that it may have.
    (@processes $model:ident) => {
        tests! { $model, crowds: silent_clients_hold_up_nobody }
        tests! { $model, processes:
            children_hold_nothing_but_their_client, a_killed_child_is_one_lost_connection,
            a_terminated_child_is_one_lost_connection,
            no_child_outlives_a_killed_parent, the_port_is_free_after_a_stop,
        }
        tests! { $model, limits: no_more_tasks, system_out_of_files }
    };
    // Bounded by threads and by descriptors.
    (@threads $model:ident) => {
        models! { @descriptors $model }
        tests! { $model, limits: no_more_tasks, mappings_bound_the_threads }
        #[test]
        #[ignore = "16,000 connections, again and again"]
        fn churn_at_the_limit_of_mappings() {
            crate::limits::churn_at_the_limit_of_mappings(&$model);
        }
    };
    // Bounded by the descriptors that it may have.
    (@descriptors $model:ident) => {
        models! { @at_the_limit $model }
        tests! { $model, limits: system_out_of_files }
    };
    (@at_the_limit $model:ident) => {
        tests! { $model, crowds: silent_clients_hold_up_nobody }
        tests! { $model, limits: no_more_descriptors, all_leave_as_one_comes, one_leaves_as_one_comes }
    };
    // Asks all it has, again and again, and so is never idle.
    (@spinning $model:ident) => {
        models! { @descriptors $model }
    };
    // Bounded by the descriptors' numbers too.
    (@fd_set $model:ident) => {
        models! { @descriptors $model }
        tests! { $model, limits: no_descriptor_beyond_fd_setsize }
    };
    // Keeps its list of descriptors in the kernel, which bounds such lists for each user.
    (@epoll $model:ident) => {
        models! { @descriptors $model }
        tests! { $model, limits: no_more_watches }
    };
    // Accepts by no system call that a test could make fail.
    (@io_uring $model:ident) => {
        models! { @at_the_limit $model }
        tests! { $model, starts: io_uring_forbidden, io_uring_missing }
    };
}

models! {
    iterative: "server-iterative", one_client;
    fork: "server-fork", processes;
    prefork: "server-prefork", worker_processes;
    thread: "server-thread", threads;
    thread_pool: "server-thread-pool", worker_threads;
    busy_poll: "server-busy-poll", spinning;
    select: "server-select", fd_set;
    poll: "server-poll", descriptors;
    epoll_level: "server-epoll-level", epoll;
    epoll_edge: "server-epoll-edge", epoll;
    epoll_percore: "server-epoll-percore", epoll;
    mio: "server-mio", epoll;
    io_uring: "server-io-uring", io_uring;
    coroutine: "server-coroutine", spinning;
    green_thread: "server-green-thread", epoll;
    tokio_current: "server-tokio-current", epoll;
    tokio: "server-tokio", epoll;
}
