//! async/await on one thread: a task per connection, written like the blocking version, run by an event loop.
//!
//! Tokio's current-thread runtime waits on epoll (edge-triggered) and polls the tasks that became ready. Beside the
//! bare loop it costs the scheduling of a task for every wake-up, and memory for each task's state, its buffer among
//! it. It saturates on one core.
//!
//! Left out: more than one core (that is tokio), timeouts.

use std::io;
use std::process::ExitCode;

use servers::{Accept, BUFFER_BYTES, Capacity, Server, Service, Session, Step};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn main() -> ExitCode {
    servers::main("tokio-current", serve)
}

fn serve(server: &mut Server, (): &()) -> io::Result<()> {
    server.listener.set_nonblocking()?;
    tokio::runtime::Builder::new_current_thread()
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
