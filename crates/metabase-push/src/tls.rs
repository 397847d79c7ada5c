//! TLS to Metabase and to PostgreSQL, there with what libpq's `sslmode` and `sslrootcert` mean.

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use crate::certificate::{AcceptAnybody, AcceptTrusted};

/// Whose certificate is accepted.
pub enum Trust {
    /// Anybody's, as with `sslmode` `prefer` and `require`: encrypted, without knowing with whom.
    Anybody,
    /// One that this machine trusts.
    Machine,
    /// One that is in this file, or that an authority in it has signed.
    Authority(String),
}

/// Returns the configuration of a client, or a text that says what is wrong.
pub fn config(trust: &Trust) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(builder
        .dangerous()
        .with_custom_certificate_verifier(verifier(trust, provider)?)
        .with_no_client_auth())
}

fn verifier(trust: &Trust, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, String> {
    Ok(match trust {
        Trust::Anybody => Arc::new(AcceptAnybody(provider)),
        Trust::Machine => Arc::new(AcceptTrusted {
            inner: Arc::new(Verifier::new(provider).map_err(|error| error.to_string())?),
            // What cannot be read is no reason to stop: the verifier passes over it as well.
            trusted: rustls_native_certs::load_native_certs().certs,
        }),
        Trust::Authority(file) => {
            let trusted = certificates(file)?;
            let mut store = RootCertStore::empty();
            for certificate in &trusted {
                store
                    .add(certificate.clone())
                    .map_err(|error| format!("{file}: {error}"))?;
            }
            let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider)
                .build()
                .map_err(|error| format!("{file}: {error}"))?;
            Arc::new(AcceptTrusted { inner, trusted })
        }
    })
}

fn certificates(file: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates = CertificateDer::pem_file_iter(Path::new(file))
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| format!("{file}: {error}"))?;
    match certificates.is_empty() {
        true => Err(format!("{file} holds no certificate")),
        false => Ok(certificates),
    }
}
