//! async/await on every core: a task per connection, moved to whichever worker is free.
//!
//! Tokio's multi-thread runtime keeps a queue of ready tasks for each worker and has idle workers steal from the busy
//! ones, so no core rests while there is work, at the price of atomics and wake-ups between threads. It saturates on
//! all cores it was given; with one worker it is tokio-current and what stealing would have needed. Far beyond what it
//! can do it is less fair: a worker's own queue holds 256 tasks, those beyond wait in a common one that is looked at
//! less often, and some clients are served many times while others wait.
//!
//! Left out: timeouts.

use std::io;
use std::process::ExitCode;

use servers::{Accept, BUFFER_BYTES, Capacity, Server, Service, Session, Step, processors};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn main() -> ExitCode {
    servers::main("tokio", serve)
}

fn serve(server: &mut Server, (): &()) -> io::Result<()> {
    server.listener.set_nonblocking()?;
    let workers = server.workers(processors());
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()?
        .block_on(accept(server))
}

async fn accept(server: &Server) -> io::Result<()> {
    let listener = TcpListener::from_std(server.listener.socket().try_clone()?)?;
    server.ready(&Capacity::descriptors())?;
    loop {
        match listener.accept().await {
            Ok((client, _)) => {
                if let Err(reason) = server.listener.room() {
                    server.refuse(client, reason);
                    continue;
                }
                let (open, service) = (server.admit(), server.service);
                // The only spawn: one for the connection, none for a request.
                tokio::spawn(async move {
                    let _open = open;
                    let _ = converse(client, service).await;
                });
            }
            Err(error) => match server.listener.survive(&error) {
                Accept::Stopped => return Ok(()),
                // The next accept would try again at once, and nobody else would have a turn.
                _ => tokio::task::yield_now().await,
            },
        }
    }
}

async fn converse(mut client: TcpStream, service: Service) -> io::Result<()> {
    let mut session = Session::new(service);
    // Lives in the task itself, so that a request allocates nothing.
    let mut buffer = [0; BUFFER_BYTES];
    loop {
        let received = client.read(&mut buffer[..service.read_bytes()]).await?;
        if received == 0 {
            return Ok(());
        }
        let mut input = &buffer[..received];
        while let Some(step) = session.step(&mut input) {
            match step {
                Step::Send(answer) => client.write_all(answer).await?,
                Step::Wait(time) => tokio::time::sleep(time).await,
                Step::Shut => client.shutdown().await?,
            }
        }
    }
}
