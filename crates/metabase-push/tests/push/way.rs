//! What is on the way to Metabase, and what it gets to see: a key that travels unencrypted does so because somebody said so.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use crate::child::{Child, End};
use crate::encrypted::{Certificate, HOST, Listener, Stream, metabase as encrypted};
use crate::metabase::KEY;
use crate::shop::pushed;

const PASSWORD: &str = "hunter2";

/// A proxy that leads wherever one asks to `target`, and all that it could read.
fn proxy(target: SocketAddr, tls: Option<Arc<Certificate>>, is_socks: bool) -> Listener<Vec<u8>> {
    Listener::start(move |stream, got| {
        let socket = stream.try_clone()?;
        let mut client: Box<dyn Stream> = match &tls {
            Some(certificate) => certificate.accept(stream),
            None => Box::new(stream),
        };
        let mut seen = Vec::new();
        if is_socks {
            let mut get = |seen: &mut Vec<u8>, count: usize| {
                let begin = seen.len();
                seen.resize(begin + count, 0);
                client.read_exact(&mut seen[begin..])?;
                let last = seen[seen.len() - 1];
                Ok::<u8, io::Error>(last)
            };
            let methods = get(&mut seen, 2)?;
            get(&mut seen, methods.into())?;
            socket.try_clone()?.write_all(&[5, 0])?;
            let length = get(&mut seen, 5)?;
            get(&mut seen, usize::from(length) + 2)?;
            client.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 80])?;
        } else {
            while !seen.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                client.read_exact(&mut byte)?;
                seen.extend(byte);
            }
            client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
        }
        client.flush()?;
        let mut server = TcpStream::connect(target)?;
        socket.set_nonblocking(true)?;
        server.set_nonblocking(true)?;
        // It notes what it sees before it hands it on, so that nothing is missed.
        let place = {
            let mut got = got.lock().expect("nobody has panicked");
            got.push(seen);
            got.len() - 1
        };
        let mut buffer = [0; 16 << 10];
        loop {
            let mut is_idle = true;
            match client.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => {
                    is_idle = false;
                    if let Some(seen) = got.lock().expect("nobody has panicked").get_mut(place) {
                        seen.extend(&buffer[..count]);
                    }
                    write_all(&mut server, &buffer[..count])?;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            match server.read(&mut buffer) {
                Ok(0) => return socket.shutdown(std::net::Shutdown::Both),
                Ok(count) => {
                    is_idle = false;
                    write_all(&mut client, &buffer[..count])?;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            if is_idle {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    })
}

fn write_all(stream: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match stream.write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                std::thread::sleep(Duration::from_millis(1))
            }
            Err(error) => return Err(error),
        }
    }
    stream.flush()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn assert_silent(end: &End) {
    for secret in [KEY, PASSWORD, "x-api-key: mb"] {
        assert!(!end.output.contains(secret), "{}", end.output);
    }
}

#[test]
fn a_proxy_sees_nothing_of_what_is_encrypted() {
    let certificate = Arc::new(Certificate::new("proxy"));
    let metabase = encrypted(&certificate, None);
    for (scheme, is_socks, variable) in [
        ("http", false, "https_proxy"),
        ("http", false, "HTTPS_PROXY"),
        ("http", false, "ALL_PROXY"),
        ("https", false, "all_proxy"),
        ("socks5h", true, "HTTPS_PROXY"),
    ] {
        let tls = (scheme == "https").then(|| certificate.clone());
        let proxy = proxy(metabase.address, tls, is_socks);
        let password = if is_socks { "" } else { "me:hunter2@" };
        let child = Child::at(format!("https://{HOST}/"))
            .with(variable, format!("{scheme}://{password}{}", proxy.address))
            .with("RUST_LOG", "trace");
        let end = certificate.trusted_by(child).run();
        let note = format!(
            "note: Metabase is reached through the proxy {scheme}://{} ({variable})",
            proxy.address
        );
        assert!(end.output.contains(&note), "{scheme} {variable}: {}", end.output);
        assert_silent(&end);
        let seen = proxy.take();
        assert!(!seen.is_empty(), "{scheme} {variable}: {}", end.output);
        for seen in seen {
            assert!(contains(&seen, HOST), "{scheme} {variable}");
            assert!(is_socks || contains(&seen, "Proxy-Authorization: Basic "));
            for part in [KEY, "x-api-key", "/api/"] {
                assert!(!contains(&seen, part), "{scheme} {variable}: {part}");
            }
        }
        let requests = metabase.take();
        assert!(!requests.is_empty(), "{scheme} {variable}: {}", end.output);
        assert!(
            requests
                .iter()
                .all(|request| request.header("x-api-key") == Some(KEY))
        );
        assert!(end.words.ends_with(" items"), "{}", end.words);
    }
    certificate.remove_file();
}

#[test]
fn nothing_unencrypted_reaches_a_proxy_unasked() {
    let metabase = pushed();
    let target = metabase
        .address()
        .trim_start_matches("http://")
        .parse()
        .expect("it is an address");
    let proxy = proxy(target, None, false);
    let url = format!("http://me:{PASSWORD}@{}", proxy.address);
    let child = Child::at(format!("http://{HOST}"));
    for variable in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        for plain_http in ["", "direct"] {
            let child = Child {
                plain_http,
                ..child.with(variable, &url)
            };
            let end = child.run();
            let expected = format!(
                "unencrypted, through the proxy http://{} ({variable})",
                proxy.address
            );
            assert!(end.words.ends_with(&expected), "{}", end.words);
            assert_silent(&end);
        }
    }
    // Not by the variable of another scheme, of a web server, or past NO_PROXY.
    for child in [
        child.with("HTTPS_PROXY", &url),
        child.with("HTTP_PROXY", &url).with("REQUEST_METHOD", "GET"),
        child
            .with("ALL_PROXY", &url)
            .with("NO_PROXY", format!("localhost, {HOST}")),
        Child::at(metabase.address())
            .with("HTTP_PROXY", &url)
            .with("ALL_PROXY", &url),
    ] {
        let child = Child {
            plain_http: "direct",
            ..child
        };
        assert_silent(&child.run());
    }
    assert!(proxy.take().is_empty());
    // Where the user says so, it is said.
    let child = Child {
        plain_http: "proxy",
        ..child.with("http_proxy", &url)
    };
    let end = child.run();
    assert!(end.words.ends_with(" items"), "{}", end.words);
    let warning = format!(
        "unencrypted, through the proxy http://{} (http_proxy)",
        proxy.address
    );
    assert!(end.output.contains(&warning), "{}", end.output);
    assert_silent(&end);
    assert!(proxy.take().iter().any(|seen| contains(seen, KEY)));
}

#[test]
fn a_proxy_that_fails_is_an_error_without_secrets() {
    for answer in [
        "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n",
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
        "nonsense\r\n\r\n",
        "",
    ] {
        let proxy: Listener<Vec<u8>> = Listener::start(move |mut stream, got| {
            let mut seen = vec![0; 4096];
            let count = stream.read(&mut seen)?;
            seen.truncate(count);
            got.lock().expect("nobody has panicked").push(seen);
            stream.write_all(answer.as_bytes())
        });
        let url = format!("http://me:{PASSWORD}@{}", proxy.address);
        let end = Child::at(format!("https://{HOST}"))
            .with("https_proxy", url)
            .run();
        let request = format!("GET https://{HOST}/api/database: no answer from Metabase: ");
        assert!(end.words.starts_with(&request), "{answer}: {}", end.words);
        let named = format!(", through the proxy http://{} (https_proxy)", proxy.address);
        assert!(end.words.ends_with(&named), "{answer}: {}", end.words);
        assert_silent(&end);
        let seen = proxy.take();
        assert!(
            !seen.is_empty() && !seen.iter().any(|seen| contains(seen, KEY)),
            "{answer}"
        );
    }
}

#[test]
fn a_proxy_that_cannot_be_reached_is_named_without_its_password() {
    // A port that was free a moment ago.
    let nobody = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port is free");
    for scheme in ["http", "https", "socks5h"] {
        let end = Child::at(format!("https://{HOST}"))
            .with("ALL_PROXY", format!("{scheme}://me:{PASSWORD}@{nobody}"))
            .run();
        let begin = format!("GET https://{HOST}/api/database: no answer from Metabase: Connection refused");
        assert!(end.words.starts_with(&begin), "{scheme}: {}", end.words);
        let named = format!(", through the proxy {scheme}://{nobody} (ALL_PROXY)");
        assert!(end.words.ends_with(&named), "{scheme}: {}", end.words);
        assert!(end.output.contains("Does that proxy run"), "{}", end.output);
        assert_silent(&end);
    }
    // The name of one that does not exist.
    let end = Child::at(format!("https://{HOST}"))
        .with("https_proxy", format!("http://me:{PASSWORD}@proxy.invalid:3128"))
        .run();
    let named = ", through the proxy http://proxy.invalid:3128 (https_proxy)";
    assert!(end.words.ends_with(named), "{}", end.words);
    assert_silent(&end);
    // Without a proxy, none is named.
    let end = Child::at(format!("https://{nobody}")).run();
    let words = format!(
        "GET https://{nobody}/api/database: no answer from Metabase: Connection refused (os error 111)"
    );
    assert_eq!(end.words, words);
}

#[test]
fn a_redirect_is_not_followed_anywhere() {
    let certificate = Arc::new(Certificate::new("redirect"));
    let elsewhere: Listener<()> = Listener::start(|_, got| {
        got.lock().expect("nobody has panicked").push(());
        Ok(())
    });
    for scheme in ["http", "https"] {
        let location = format!("{scheme}://{}/{KEY}", elsewhere.address);
        let metabase = encrypted(&certificate, Some(location));
        let child = Child::at(format!("https://localhost:{}", metabase.address.port()));
        let end = certificate.trusted_by(child).run();
        assert!(end.words.contains("answered with a redirect to"), "{}", end.words);
        assert_silent(&end);
        assert_eq!(metabase.take().len(), 1);
    }
    assert!(elsewhere.take().is_empty());
    certificate.remove_file();
}

#[test]
fn no_other_file_or_variable_adds_to_a_request() {
    let metabase = pushed();
    let home = std::env::temp_dir().join(format!("push-home-{}", std::process::id()));
    std::fs::create_dir_all(&home).expect("a folder can be made");
    let netrc = home.join(".netrc");
    std::fs::write(&netrc, format!("default login me password {PASSWORD}\n")).expect("a file can be written");
    let end = Child::at(metabase.address())
        .with("HOME", home.to_string_lossy())
        .with("NETRC", netrc.to_string_lossy())
        .run();
    std::fs::remove_dir_all(&home).expect("it is there");
    assert!(end.words.ends_with(" items"), "{}", end.words);
    let requests = metabase.take_requests();
    assert!(!requests.is_empty());
    for request in requests {
        let mut names: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.retain(|name| !name.starts_with("content-") && *name != "transfer-encoding");
        assert_eq!(
            names,
            ["accept", "accept-encoding", "host", "user-agent", "x-api-key"]
        );
    }
}
