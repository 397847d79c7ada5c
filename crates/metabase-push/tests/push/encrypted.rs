//! What listens and encrypts, and the certificates that it shows.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::child::Child;
use crate::metabase::State;
use crate::request::{Request, read_request};

/// A name that no network knows.
pub const HOST: &str = "metabase.test";

/// A stream of either kind.
pub trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

/// A certificate for the tests, and the file that makes a child trust it.
pub struct Certificate {
    config: Arc<ServerConfig>,
    pub file: std::path::PathBuf,
}

impl Certificate {
    /// One that is no authority's, for all names of this machine.
    pub fn new(name: &str) -> Certificate {
        Certificate::with(name, |_| {})
    }

    /// As `openssl req -x509` makes it: it says of itself that it is an authority's.
    pub fn of_an_authority(name: &str) -> Certificate {
        Certificate::with(name, |params| {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        })
    }

    pub fn with(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Certificate {
        let names = [HOST, "localhost", "127.0.0.1"].map(str::to_owned);
        let mut params = CertificateParams::new(names).expect("they are names");
        change(&mut params);
        let key = KeyPair::generate().expect("a key can be made");
        let made = params.self_signed(&key).expect("a certificate can be made");
        let file = std::env::temp_dir().join(format!("push-{name}-{}.pem", std::process::id()));
        std::fs::write(&file, made.pem()).expect("a file can be written");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("it is a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("there are versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.der().clone()], key)
            .expect("key and certificate belong together");
        Certificate {
            config: Arc::new(config),
            file,
        }
    }

    pub fn accept(&self, stream: TcpStream) -> Box<dyn Stream> {
        let connection = ServerConnection::new(self.config.clone()).expect("the configuration is complete");
        Box::new(StreamOwned::new(connection, stream))
    }

    pub fn trusted_by(&self, child: Child) -> Child {
        child.with("SSL_CERT_FILE", self.file.to_string_lossy())
    }

    /// At the end of a test: what listens still holds the certificate then.
    pub fn remove_file(&self) {
        std::fs::remove_file(&self.file).expect("it is there");
    }
}

/// Something that listens, and what it got.
pub struct Listener<T> {
    pub address: SocketAddr,
    got: Arc<Mutex<Vec<T>>>,
}

impl<T: Send + 'static> Listener<T> {
    pub fn start(
        serve: impl Fn(TcpStream, &Mutex<Vec<T>>) -> io::Result<()> + Send + Sync + 'static,
    ) -> Listener<T> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let got = Arc::new(Mutex::new(Vec::new()));
        let (shared, serve) = (got.clone(), Arc::new(serve));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (got, serve) = (shared.clone(), serve.clone());
                // Whoever closes a connection in its middle is part of some tests.
                std::thread::spawn(move || serve(stream, &got));
            }
        });
        Listener { address, got }
    }

    pub fn take(&self) -> Vec<T> {
        std::mem::take(&mut self.got.lock().expect("nobody has panicked"))
    }
}

/// A Metabase behind TLS, and the requests that it got.
pub fn metabase(certificate: &Arc<Certificate>, location: Option<String>) -> Listener<Request> {
    let certificate = certificate.clone();
    let state = Mutex::new(State::new());
    Listener::start(move |stream, got| {
        let mut stream = certificate.accept(stream);
        let request = read_request(&mut stream)?;
        got.lock().expect("nobody has panicked").push(request.clone());
        let (status, answer) = state.lock().expect("nobody has panicked").handle(&request);
        let answer = answer.to_string();
        let (status, location) = match &location {
            Some(location) => (302, format!("location: {location}\r\n")),
            None => (status, String::new()),
        };
        let length = answer.len();
        write!(
            stream,
            "HTTP/1.1 {status} Status\r\nconnection: close\r\n{location}content-length: {length}\r\n\r\n{answer}"
        )?;
        stream.flush()
    })
}
