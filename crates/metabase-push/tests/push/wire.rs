//! HTTP as far as the tests' Metabase speaks it, with every way in which an answer can go wrong.

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use crate::damage::Damage;
use crate::metabase::State;
use crate::request::{Request, read_request};

/// What goes wrong with a request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It is not done, and answered with this status, header and body.
    Status(u16, &'static str, String),
    /// It is not done, and the connection is closed.
    Lost,
    /// It is done, and the connection is closed before the answer.
    Unanswered,
    /// It is done, and the answer ends in its middle.
    Truncated,
    /// It is done, and the answer is not JSON.
    Broken,
    /// It is done, and the answer never comes.
    Silence,
    /// It is not done, and the answer never comes.
    Stuck,
    /// It is not done, and the answer is this, with status 200.
    Answer(String),
    /// It is done, and the answer is changed in this way.
    Changed(Damage),
}

/// Decides what goes wrong: by the number of the request, from 1, and the request.
pub type Faults = Box<dyn FnMut(usize, &Request) -> Option<Fault> + Send>;

/// The server of the tests' Metabase.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    stopped: AtomicBool,
    state: Mutex<State>,
    requests: Mutex<Vec<Request>>,
    faults: Mutex<Faults>,
    /// Connections that wait for an answer that never comes.
    waiting: Mutex<Vec<TcpStream>>,
}

impl Server {
    pub fn start(state: State) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let shared = Arc::new(Shared {
            stopped: AtomicBool::new(false),
            state: Mutex::new(state),
            requests: Mutex::default(),
            faults: Mutex::new(Box::new(|_, _| None)),
            waiting: Mutex::default(),
        });
        let served = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if served.stopped.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(stream) = stream {
                    // A client that has gone away is part of some tests.
                    let _ = served.serve(stream);
                }
            }
        });
        Server {
            address,
            shared,
            thread: Some(thread),
        }
    }

    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().expect("no request has panicked")
    }

    /// The requests so far, of which the next look sees nothing.
    pub fn take_requests(&self) -> Vec<Request> {
        std::mem::take(&mut *self.shared.requests.lock().expect("no request has panicked"))
    }

    /// What goes wrong from now on. Requests are counted anew.
    pub fn fail(&self, faults: impl FnMut(usize, &Request) -> Option<Fault> + Send + 'static) {
        self.take_requests();
        *self.shared.faults.lock().expect("no request has panicked") = Box::new(faults);
    }

    pub fn heal(&self) {
        self.fail(|_, _| None);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread up.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
            && !std::thread::panicking()
        {
            panic!("the server panicked");
        }
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let request = read_request(&stream)?;
        let number = {
            let mut requests = self.requests.lock().expect("no request has panicked");
            requests.push(request.clone());
            requests.len()
        };
        let fault = self.faults.lock().expect("no request has panicked")(number, &request);
        match &fault {
            Some(Fault::Status(status, header, body)) => {
                return respond(&mut stream, *status, header, body.as_bytes());
            }
            Some(Fault::Answer(body)) => return respond(&mut stream, 200, "", body.as_bytes()),
            Some(Fault::Lost) => return Ok(()),
            Some(Fault::Stuck) => {
                self.waiting.lock().expect("no request has panicked").push(stream);
                return Ok(());
            }
            _ => {}
        }
        let (status, answer) = self
            .state
            .lock()
            .expect("no request has panicked")
            .handle(&request);
        let body = answer.to_string().into_bytes();
        match fault {
            Some(Fault::Unanswered) => Ok(()),
            Some(Fault::Silence) => {
                self.waiting.lock().expect("no request has panicked").push(stream);
                Ok(())
            }
            Some(Fault::Truncated) => {
                write!(
                    stream,
                    "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n",
                    body.len() + 1
                )?;
                stream.write_all(&body)
            }
            Some(Fault::Changed(damage)) => respond(&mut stream, status, "", &damage.apply(&answer)),
            Some(Fault::Broken) => respond(&mut stream, 200, "", b"<html>{\"id\": "),
            _ => respond(&mut stream, status, "", &body),
        }
    }
}

fn respond(stream: &mut TcpStream, status: u16, header: &str, body: &[u8]) -> std::io::Result<()> {
    let separator = if header.is_empty() { "" } else { "\r\n" };
    let head = format!(
        "HTTP/1.1 {status} Status\r\nconnection: close\r\ncontent-length: {}\r\n{header}{separator}\r\n",
        body.len()
    );
    // In one piece, for a second one would wait until the first has been acknowledged.
    stream.write_all(&[head.as_bytes(), body].concat())
}
