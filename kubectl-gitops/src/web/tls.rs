//! One set-up of TLS for downloads and repositories.

use std::sync::Arc;

use krm::Masked;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ConfigBuilder};
use rustls_platform_verifier::Verifier;

/// Who we are to a server that asks: a certificate with its chain, and its key, in PEM.
#[derive(Clone)]
pub(crate) struct TlsIdentity {
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: Masked<Vec<u8>>,
}

/// What was given cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// No certificate where authorities are given.
    #[error("the CA holds no certificate in PEM")]
    Authority,
    /// Not one for us.
    #[error("the client certificate is not one in PEM")]
    Certificate,
    /// Not its key.
    #[error("the key of the client certificate is not one in PEM")]
    Key,
    /// The library refuses it, or the machine trusts nobody.
    #[error("{0}")]
    Library(#[from] rustls::Error),
}

/// Trusts what the machine trusts and the authorities in `ca` (PEM).
pub(crate) fn tls_config(ca: Option<&[u8]>, identity: Option<&TlsIdentity>) -> Result<ClientConfig, TrustError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut extra = Vec::new();
    if let Some(pem) = ca {
        for certificate in CertificateDer::pem_slice_iter(pem) {
            extra.push(certificate.map_err(|_| TrustError::Authority)?);
        }
        if extra.is_empty() {
            return Err(TrustError::Authority);
        }
    }
    let verifier = Verifier::new_with_extra_roots(extra, provider.clone())?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map(ConfigBuilder::dangerous)?
        .with_custom_certificate_verifier(Arc::new(verifier));
    let Some(identity) = identity else { return Ok(builder.with_no_client_auth()) };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&identity.certificate).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or(TrustError::Certificate)?;
    let key = PrivateKeyDer::from_pem_slice(identity.key.expose()).map_err(|_| TrustError::Key)?;
    Ok(builder.with_client_auth_cert(chain, key)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_named() {
        for pem in [&b""[..], b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
            assert!(matches!(tls_config(Some(pem), None), Err(TrustError::Authority)));
        }
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let ca = certified.cert.pem();
        assert!(tls_config(Some(ca.as_bytes()), None).is_ok());
        let identity = |certificate: &str, key: &str| TlsIdentity {
            certificate: certificate.as_bytes().to_vec(),
            key: Masked::new(key.as_bytes().to_vec()),
        };
        let key = certified.signing_key.serialize_pem();
        assert!(tls_config(Some(ca.as_bytes()), Some(&identity(&ca, &key))).is_ok());
        assert!(matches!(tls_config(Some(ca.as_bytes()), Some(&identity("", &key))), Err(TrustError::Certificate)));
        assert!(matches!(tls_config(Some(ca.as_bytes()), Some(&identity(&ca, "hunter2"))), Err(TrustError::Key)));
    }
}
