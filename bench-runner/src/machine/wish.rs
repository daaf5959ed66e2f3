//! What is asked of the machine.

/// What a run will ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    /// The largest number of connections that are open at once.
    pub max_conns: u64,
    /// The backlog that servers pass to listen(2).
    pub backlog: u64,
    /// RLIMIT_NOFILE that the servers are given, when it is not simply the highest there is.
    pub server_nofile: Option<u64>,
    /// The models that take part.
    pub models: Vec<Model>,
}

/// As much of a model as matters to a machine's limits; the catalogue knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// What each connection takes.
    pub per_connection: PerConnection,
    /// Whether it needs io_uring.
    pub io_uring: bool,
}

/// What a connection takes from the machine, besides two sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PerConnection {
    /// A descriptor in the one process that serves all of them.
    Descriptor,
    /// A descriptor below this number: select's FD_SETSIZE.
    DescriptorBelow(u64),
    /// A descriptor and a stack of its own, but no thread (coroutines).
    Stack,
    /// A descriptor and a thread.
    Thread,
    /// A process, with a descriptor table of its own.
    Process,
    /// Nothing: workers made beforehand serve so many at a time, and the others wait in the accept queue.
    Worker,
}

impl Wish {
    /// Names of the models for which `concerned` holds.
    pub(super) fn names(&self, concerned: impl Fn(&Model) -> bool) -> Vec<String> {
        self.models
            .iter()
            .filter(|model| concerned(model))
            .map(|model| model.name.clone())
            .collect()
    }

    /// Names of the models that take a task (a process or a thread) for each connection.
    pub(super) fn task_models(&self) -> Vec<String> {
        self.names(|model| matches!(model.per_connection, PerConnection::Thread | PerConnection::Process))
    }
}
