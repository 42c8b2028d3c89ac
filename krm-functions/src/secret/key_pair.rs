//! Does a private key belong to a certificate? Owns the comparison of public keys; must not know Secrets. Neither validity in
//! time nor the chain of issuers is looked at: there is no clock here, and no list of authorities.

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::der::{CONTEXT_0, CONTEXT_1, Der, INTEGER, OCTET_STRING, OID, SEQUENCE};

/// What is wrong with the pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum PairError {
    /// No PEM block of a certificate.
    #[error("`tls.crt` has no PEM block CERTIFICATE")]
    NoCertificate,
    /// Not X.509.
    #[error("the first certificate in `tls.crt` is not X.509")]
    BadCertificate,
    /// No PEM block of a private key.
    #[error("`tls.key` has no PEM block PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY")]
    NoKey,
    /// It has a passphrase.
    #[error("the private key in `tls.key` is encrypted with a passphrase, which no server will know")]
    EncryptedKey,
    /// Not a key.
    #[error("the private key in `tls.key` is not readable")]
    BadKey,
    /// They do not belong together.
    #[error("the private key in `tls.key` does not belong to the first certificate in `tls.crt`")]
    Mismatch,
    /// An algorithm that is not known here.
    #[error(
        "it is not known whether `tls.key` belongs to `tls.crt`: only RSA, ECDSA (P-256, P-384, P-521) and Ed25519 are compared"
    )]
    Unknown,
}

// Object identifiers, DER without tag and length.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const RSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const P521: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// The key of a certificate.
struct PublicKey<'a> {
    algorithm: &'a [u8],
    /// Of elliptic curves; empty if it is not named.
    curve: &'a [u8],
    bits: &'a [u8],
}

/// A private key, without its wrapping.
enum PrivateKey<'a> {
    /// PKCS#1.
    Rsa(&'a [u8]),
    /// SEC1, and the curve if the wrapping names it.
    Ec {
        key: &'a [u8],
        curve: &'a [u8],
    },
    Ed25519(&'a [u8]),
    Other,
}

/// Are they a pair?
pub(super) fn check(certificate: &[u8], key: &[u8]) -> Result<(), PairError> {
    let certificate = match CertificateDer::pem_slice_iter(certificate).next() {
        Some(Ok(certificate)) => certificate,
        Some(Err(_)) => return Err(PairError::BadCertificate),
        None => return Err(PairError::NoCertificate),
    };
    let public = public_key(&certificate).ok_or(PairError::BadCertificate)?;
    if is_encrypted(key) {
        return Err(PairError::EncryptedKey);
    }
    let key = match PrivateKeyDer::pem_slice_iter(key).next() {
        Some(Ok(key)) => key,
        Some(Err(_)) => return Err(PairError::BadKey),
        None => return Err(PairError::NoKey),
    };
    let private = match &key {
        PrivateKeyDer::Pkcs1(key) => PrivateKey::Rsa(key.secret_pkcs1_der()),
        PrivateKeyDer::Sec1(key) => PrivateKey::Ec { key: key.secret_sec1_der(), curve: &[] },
        PrivateKeyDer::Pkcs8(key) => unwrapped(key.secret_pkcs8_der()).ok_or(PairError::BadKey)?,
        _ => PrivateKey::Other,
    };
    compare(&public, &private)
}

fn is_encrypted(key: &[u8]) -> bool {
    let text = String::from_utf8_lossy(key);
    text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") || text.contains("Proc-Type: 4,ENCRYPTED")
}

/// The SubjectPublicKeyInfo of a certificate.
fn public_key(certificate: &[u8]) -> Option<PublicKey<'_>> {
    let mut signed = Der::new(certificate).open(SEQUENCE)?.open(SEQUENCE)?;
    signed.skip_if(CONTEXT_0)?; // version
    signed.take(INTEGER)?; // serial number
    for _ in ["signature", "issuer", "validity", "subject"] {
        signed.take(SEQUENCE)?;
    }
    let mut info = signed.open(SEQUENCE)?;
    let (algorithm, curve) = algorithm(&mut info)?;
    Some(PublicKey { algorithm, curve, bits: info.bits()? })
}

/// An AlgorithmIdentifier, and its parameter if that names a curve.
fn algorithm<'a>(der: &mut Der<'a>) -> Option<(&'a [u8], &'a [u8])> {
    let mut inner = der.open(SEQUENCE)?;
    let algorithm = inner.take(OID)?;
    let curve = if inner.peek() == Some(OID) { inner.take(OID)? } else { &[] };
    Some((algorithm, curve))
}

/// What PKCS#8 wraps.
fn unwrapped(key: &[u8]) -> Option<PrivateKey<'_>> {
    let mut info = Der::new(key).open(SEQUENCE)?;
    info.take(INTEGER)?;
    let (algorithm, curve) = algorithm(&mut info)?;
    let key = info.take(OCTET_STRING)?;
    Some(match algorithm {
        RSA | RSA_PSS => PrivateKey::Rsa(key),
        EC => PrivateKey::Ec { key, curve },
        ED25519 => PrivateKey::Ed25519(Der::new(key).take(OCTET_STRING)?),
        _ => PrivateKey::Other,
    })
}

fn compare(public: &PublicKey<'_>, private: &PrivateKey<'_>) -> Result<(), PairError> {
    let same = match (public.algorithm, private) {
        (_, PrivateKey::Other) => return Err(PairError::Unknown),
        (RSA | RSA_PSS, PrivateKey::Rsa(key)) => {
            let public = rsa_numbers(public.bits, false).ok_or(PairError::BadCertificate)?;
            rsa_numbers(key, true).ok_or(PairError::BadKey)? == public
        }
        (EC, PrivateKey::Ec { key, curve }) => return compare_ec(public, key, curve),
        (ED25519, PrivateKey::Ed25519(seed)) => Ed25519KeyPair::from_seed_and_public_key(seed, public.bits).is_ok(),
        (RSA | RSA_PSS | EC | ED25519, _) => false,
        _ => return Err(PairError::Unknown),
    };
    if same { Ok(()) } else { Err(PairError::Mismatch) }
}

/// Modulus and exponent; a private key has its version in front of them.
fn rsa_numbers(key: &[u8], versioned: bool) -> Option<(&[u8], &[u8])> {
    let mut numbers = Der::new(key).open(SEQUENCE)?;
    if versioned {
        numbers.take(INTEGER)?;
    }
    Some((numbers.unsigned()?, numbers.unsigned()?))
}

fn compare_ec(public: &PublicKey<'_>, key: &[u8], curve: &[u8]) -> Result<(), PairError> {
    let (number, own_curve, own_point) = sec1(key).ok_or(PairError::BadKey)?;
    let curve = if curve.is_empty() { own_curve } else { curve };
    if !curve.is_empty() && curve != public.curve {
        return Err(PairError::Mismatch);
    }
    let matches = |signing: &'static EcdsaSigningAlgorithm, length: usize| {
        let number = fitted(number, length).ok_or(PairError::BadKey)?;
        let pair = EcdsaKeyPair::from_private_key_and_public_key(signing, &number, public.bits, &SystemRandom::new());
        pair.map(drop).map_err(|_| PairError::Mismatch)
    };
    match public.curve {
        // Compressed points, which hardly anybody writes, are not read by the library.
        P256 | P384 if public.bits.first() != Some(&4) => Err(PairError::Unknown),
        P256 => matches(&ECDSA_P256_SHA256_ASN1_SIGNING, 32),
        P384 => matches(&ECDSA_P384_SHA384_ASN1_SIGNING, 48),
        P521 if own_point.is_empty() => Err(PairError::Unknown),
        P521 if own_point == public.bits => Ok(()),
        P521 => Err(PairError::Mismatch),
        _ => Err(PairError::Unknown),
    }
}

/// Private number, curve and public point of a SEC1 key; the latter two are empty if they are left out.
fn sec1(key: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let mut inner = Der::new(key).open(SEQUENCE)?;
    inner.take(INTEGER)?;
    let number = inner.take(OCTET_STRING)?;
    let curve = match inner.peek() {
        Some(CONTEXT_0) => inner.open(CONTEXT_0)?.take(OID).unwrap_or_default(),
        _ => &[],
    };
    let point = match inner.peek() {
        Some(CONTEXT_1) => inner.open(CONTEXT_1)?.bits()?,
        _ => &[],
    };
    Some((number, curve, point))
}

/// The number in exactly this many bytes: some writers leave zeros out, some put one more in front.
fn fitted(number: &[u8], length: usize) -> Option<Vec<u8>> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let number = &number[zeros..];
    let missing = length.checked_sub(number.len())?;
    let mut fitted = vec![0; missing];
    fitted.extend_from_slice(number);
    Some(fitted)
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! pem {
        ($name:literal) => {
            include_bytes!(concat!("../../../fixtures/tls/", $name)).as_slice()
        };
    }

    type Case<'a> = (&'a str, &'a [u8], &'a [u8], Result<(), PairError>);

    /// Certificates and keys that `openssl` made, in every form that it writes.
    #[test]
    fn pairs() {
        use PairError::{EncryptedKey, Mismatch, NoCertificate, NoKey, Unknown};
        let (rsa, p256, p384, p521) = (pem!("rsa.crt"), pem!("p256.crt"), pem!("p384.crt"), pem!("p521.crt"));
        let ed25519 = pem!("ed25519.crt");
        let cases: &[Case<'_>] = &[
            ("rsa pkcs1", rsa, pem!("rsa-pkcs1.key"), Ok(())),
            ("rsa pkcs8", rsa, pem!("rsa-pkcs8.key"), Ok(())),
            ("rsa other", rsa, pem!("other-rsa.key"), Err(Mismatch)),
            ("p256 sec1", p256, pem!("p256-sec1.key"), Ok(())),
            ("p256 pkcs8", p256, pem!("p256-pkcs8.key"), Ok(())),
            ("p256 without public key", p256, pem!("p256-bare.key"), Ok(())),
            ("p256 behind its parameters", p256, pem!("p256-with-parameters.key"), Ok(())),
            ("p256 in a chain", pem!("chain.crt"), pem!("p256-sec1.key"), Ok(())),
            ("second of a chain", pem!("chain.crt"), pem!("rsa-pkcs1.key"), Err(Mismatch)),
            ("p256 other", p256, pem!("other-p256.key"), Err(Mismatch)),
            ("p384 sec1", p384, pem!("p384-sec1.key"), Ok(())),
            ("p384 pkcs8", p384, pem!("p384-pkcs8.key"), Ok(())),
            ("p384 and p256", p384, pem!("p256-sec1.key"), Err(Mismatch)),
            ("p521 sec1", p521, pem!("p521-sec1.key"), Ok(())),
            ("p521 pkcs8", p521, pem!("p521-pkcs8.key"), Ok(())),
            ("p521 other", p521, pem!("other-p521.key"), Err(Mismatch)),
            ("p521 without public key", p521, pem!("p521-bare.key"), Err(Unknown)),
            ("ed25519", ed25519, pem!("ed25519-pkcs8.key"), Ok(())),
            ("ed25519 other", ed25519, pem!("other-ed25519.key"), Err(Mismatch)),
            ("ed25519 and rsa", ed25519, pem!("rsa-pkcs1.key"), Err(Mismatch)),
            ("ed448", pem!("ed448.crt"), pem!("ed448-pkcs8.key"), Err(Unknown)),
            ("passphrase", rsa, pem!("encrypted.key"), Err(EncryptedKey)),
            ("old passphrase", rsa, pem!("encrypted-pkcs1.key"), Err(EncryptedKey)),
            ("swapped", pem!("rsa-pkcs1.key"), rsa, Err(NoCertificate)),
            ("certificate as key", rsa, rsa, Err(NoKey)),
            ("nothing", b"", b"", Err(NoCertificate)),
        ];
        for (name, certificate, key, expected) in cases {
            assert_eq!(check(certificate, key), *expected, "{name}");
        }
    }

    #[test]
    fn what_is_no_der_is_refused() {
        let block = |label: &str, text: &str| format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n");
        let rsa = pem!("rsa.crt");
        assert_eq!(check(block("CERTIFICATE", "MAA=").as_bytes(), rsa), Err(PairError::BadCertificate));
        assert_eq!(check(block("CERTIFICATE", "?").as_bytes(), rsa), Err(PairError::BadCertificate));
        for label in ["PRIVATE KEY", "RSA PRIVATE KEY"] {
            assert_eq!(check(rsa, block(label, "MAA=").as_bytes()), Err(PairError::BadKey), "{label}");
        }
        assert_eq!(check(rsa, block("PRIVATE KEY", "?").as_bytes()), Err(PairError::BadKey));
        assert_eq!(check(pem!("p256.crt"), block("EC PRIVATE KEY", "MAA=").as_bytes()), Err(PairError::BadKey));
    }
}
