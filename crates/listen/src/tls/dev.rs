//! A certificate for development: signed by a local authority that can vouch for nothing but this machine, and whose
//! key nobody has. Trusting it cannot be turned against its user.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, date_time_ymd,
};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::files::read_capped;
use super::{Files, TlsError, provider};

/// The files of a development certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dev {
    /// What callers must trust; mode 0644.
    pub ca: PathBuf,
    /// What the server serves; the key has mode 0600.
    pub files: Files,
    /// Whether they were made now rather than found.
    pub made: bool,
}

/// Makes, or finds again, a certificate in `folder` for `localhost`, `127.0.0.1`, `[::1]` and the `extra` names
/// (DNS names or addresses). What lies there is used again while it is good for these names and for 30 days from
/// `now`; else all three files are replaced, and the authority with them.
///
/// # Errors
/// A [`TlsError`]: a name that no certificate can carry, or a file that cannot be written.
pub fn certificate(folder: &Path, extra: &[String], now: SystemTime) -> Result<Dev, TlsError> {
    let files = Files { cert: folder.join("cert.pem"), key: folder.join("key.pem") };
    let mut dev = Dev { ca: folder.join("ca.pem"), files, made: false };
    let names = names(extra)?;
    if !dev.is_good(&names, now) {
        dev.make(&names, now)?;
        dev.made = true;
    }
    Ok(dev)
}

impl Dev {
    /// How to make the usual tools trust this certificate, for a person to read and paste.
    #[must_use]
    pub fn how_to_trust(&self) -> String {
        let ca = quoted(&self.ca);
        format!(
            "This server's certificate is signed by a local authority that is valid for this machine's own names \
             alone;\nits key was thrown away. To trust it:\n\
             \x20 curl              curl --cacert {ca} …\n\
             \x20 Python requests   export REQUESTS_CA_BUNDLE={ca}\n\
             \x20 Go, OpenSSL       export SSL_CERT_FILE={ca}\n\
             \x20 Node.js           export NODE_EXTRA_CA_CERTS={ca}\n\
             \x20 Debian, Ubuntu    sudo cp {ca} /usr/local/share/ca-certificates/countersign-dev.crt \
             && sudo update-ca-certificates\n"
        )
    }

    /// Whether a caller who trusts the authority would accept these files now and in 30 days, for all names.
    fn is_good(&self, names: &[String], now: SystemTime) -> bool {
        let provider = Arc::new(provider());
        let Ok(pair) = self.files.read(&provider) else { return false };
        let Some((leaf, chain)) = pair.cert.split_first() else { return false };
        let Ok(ca_pem) = read_capped(&self.ca) else { return false };
        let mut roots = RootCertStore::empty();
        if !CertificateDer::from_pem_slice(&ca_pem).is_ok_and(|ca| roots.add(ca).is_ok()) {
            return false;
        }
        let Ok(verifier) = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build()
        else {
            return false;
        };
        let accepted = |name: &String, at: SystemTime| {
            let (Ok(name), Ok(since)) =
                (ServerName::try_from(name.as_str()), at.duration_since(SystemTime::UNIX_EPOCH))
            else {
                return false;
            };
            verifier.verify_server_cert(leaf, chain, &name, &[], UnixTime::since_unix_epoch(since)).is_ok()
        };
        names.iter().all(|name| accepted(name, now) && accepted(name, now + RENEW_BEFORE))
    }

    fn make(&self, names: &[String], now: SystemTime) -> Result<(), TlsError> {
        let ca_key = KeyPair::generate()?;
        let ca = authority(names, now)?;
        let ca_pem = ca.self_signed(&ca_key)?.pem();
        let key = KeyPair::generate()?;
        let cert_pem = server(names, now)?.signed_by(&key, &Issuer::new(ca, ca_key))?.pem();
        // the authority's key ends here: it was never anywhere but in this function

        write(&self.files.key, key.serialize_pem().as_bytes(), 0o600)?;
        write(&self.files.cert, cert_pem.as_bytes(), 0o644)?;
        write(&self.ca, ca_pem.as_bytes(), 0o644)
    }
}

fn names(extra: &[String]) -> Result<Vec<String>, TlsError> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    for name in extra {
        let name = name.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        ServerName::try_from(name.as_str()).map_err(|_| TlsError::Name(name.clone()))?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// An authority that may sign servers of these names and nothing else (RFC 5280 section 4.2.1.10).
fn authority(names: &[String], now: SystemTime) -> Result<CertificateParams, TlsError> {
    let mut permitted_subtrees =
        vec![GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([127, 0, 0, 0], 8))];
    for name in names {
        permitted_subtrees.push(match name.parse() {
            Ok(IpAddr::V4(ip)) => GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix(ip.octets(), 32)),
            Ok(IpAddr::V6(ip)) => GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(ip.octets(), 128)),
            Err(_) => GeneralSubtree::DnsName(name.clone()),
        });
    }
    let mut ca = params(Vec::new(), "Countersign development authority (this machine only)", now)?;
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    ca.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
    Ok(ca)
}

fn server(names: &[String], now: SystemTime) -> Result<CertificateParams, TlsError> {
    let mut server = params(names.to_vec(), "Countersign development server", now)?;
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server.use_authority_key_identifier_extension = true;
    Ok(server)
}

fn params(names: Vec<String>, common_name: &str, now: SystemTime) -> Result<CertificateParams, TlsError> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let epoch = date_time_ymd(1970, 1, 1);
    params.not_before = epoch + now.saturating_sub(SKEW);
    params.not_after = epoch + (now + LIFETIME);
    Ok(params)
}

/// Writes a file so that it is there whole or not at all, and nobody else could ever read a secret one.
fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), TlsError> {
    let beside = path.with_extension("pem.new");
    let written = || -> io::Result<()> {
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {} // left by a run that was interrupted
        }
        let mut file = create(&beside, mode)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    written().map_err(|source| TlsError::Write { path: path.to_owned(), source })
}

#[cfg(unix)]
fn create(path: &Path, mode: u32) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)
}

#[cfg(not(unix))]
fn create(path: &Path, _: u32) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// A path as a shell reads it.
fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b));
    if plain { path } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

/// Clocks of one machine's containers differ.
const SKEW: Duration = Duration::from_secs(24 * 3600);

/// The longest that all platforms accept is 398 days.
const LIFETIME: Duration = Duration::from_secs(365 * 24 * 3600);

const RENEW_BEFORE: Duration = Duration::from_secs(30 * 24 * 3600);

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn the_three_files_are_all_there_is_and_only_the_key_is_secret() {
        let folder = tempfile::tempdir().unwrap();
        let dev = certificate(folder.path(), &[], now()).unwrap();
        assert!(dev.made);
        assert_eq!(names(folder.path()), ["ca.pem", "cert.pem", "key.pem"]);
        let ca = fs::read_to_string(&dev.ca).unwrap();
        let cert = fs::read_to_string(&dev.files.cert).unwrap();
        assert!(!ca.contains("PRIVATE") && !cert.contains("PRIVATE"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |p: &Path| fs::metadata(p).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&dev.files.key), 0o600);
            assert_eq!(mode(&dev.ca) & 0o044, 0o044 & mode(&dev.files.cert));
        }
        let text = dev.how_to_trust();
        assert!(text.contains(&dev.ca.display().to_string()) && text.contains("SSL_CERT_FILE"));
    }

    #[test]
    fn they_are_used_again_until_30_days_before_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let first = certificate(folder.path(), &[], now()).unwrap();
        let text = |dev: &Dev| fs::read(&dev.files.cert).unwrap();
        let cert = text(&first);
        let again = certificate(folder.path(), &[], now() + 334 * DAY).unwrap();
        assert!(!again.made && text(&again) == cert);
        let later = certificate(folder.path(), &[], now() + 336 * DAY).unwrap();
        assert!(later.made && text(&later) != cert);
    }

    #[test]
    fn they_are_made_anew_for_another_name_or_when_one_is_broken() {
        let folder = tempfile::tempdir().unwrap();
        certificate(folder.path(), &[], now()).unwrap();
        let extra = ["auth.internal".to_owned(), "10.1.2.3".to_owned(), "[fd00::1]".to_owned()];
        assert!(certificate(folder.path(), &extra, now()).unwrap().made);
        assert!(!certificate(folder.path(), &extra, now()).unwrap().made);
        assert!(
            !certificate(folder.path(), &[], now()).unwrap().made,
            "more names than asked for do no harm"
        );
        for broken in ["ca.pem", "cert.pem", "key.pem"] {
            fs::write(folder.path().join(broken), "nothing").unwrap();
            assert!(certificate(folder.path(), &extra, now()).unwrap().made, "{broken}");
            assert!(!certificate(folder.path(), &extra, now()).unwrap().made, "{broken}");
        }
    }

    #[test]
    fn a_name_that_cannot_be_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["", "a b", "https://a", "a:8080", "*"] {
            let error = certificate(folder.path(), &[name.to_owned()], now()).unwrap_err();
            assert!(matches!(error, TlsError::Name(_)), "{name}");
        }
        assert_eq!(names(folder.path()), [""; 0]);
    }

    /// The authority cannot vouch for any other name, were its key ever found.
    #[test]
    fn the_authority_is_held_to_this_machines_names() {
        let key = KeyPair::generate().unwrap();
        let ours = super::names(&[]).unwrap();
        let ca = authority(&ours, now()).unwrap();
        let ca_der = ca.self_signed(&key).unwrap().der().clone();
        // id-ce-nameConstraints is 2.5.29.30
        assert!(ca_der.windows(5).any(|w| w == [0x06, 0x03, 0x55, 0x1d, 0x1e]));
        let mut roots = RootCertStore::empty();
        roots.add(ca_der).unwrap();
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::new(provider()))
            .build()
            .unwrap();
        let issuer = Issuer::new(ca, key);
        let accepted = |name: &str| {
            let leaf_key = KeyPair::generate().unwrap();
            let leaf = server(&[name.to_owned()], now()).unwrap().signed_by(&leaf_key, &issuer).unwrap();
            let since = now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
            let name = ServerName::try_from(name).unwrap();
            verifier
                .verify_server_cert(leaf.der(), &[], &name, &[], UnixTime::since_unix_epoch(since))
                .is_ok()
        };
        for name in ["localhost", "127.0.0.1", "127.9.9.9", "::1"] {
            assert!(accepted(name), "{name}");
        }
        for name in ["example.com", "localhost.example.com", "128.0.0.1", "10.0.0.1", "::2"] {
            assert!(!accepted(name), "{name}");
        }
    }

    #[test]
    fn a_path_with_a_blank_can_be_pasted() {
        assert_eq!(quoted(Path::new("/a/b-c.pem")), "/a/b-c.pem");
        assert_eq!(quoted(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }
}
