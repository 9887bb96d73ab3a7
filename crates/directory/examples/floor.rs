//! What a password reset costs by the LDAP library alone: for each line on standard input, one modify on a connection
//! that is kept, and its time in microseconds as a line on standard output. `tests/bench.sh` compares.
//!
//! `floor ACCOUNTS_JSON USERNAME CA_PEM`; the first is written by `deploy/samba/dc.sh populate`. The modify is the one
//! that the core sends to Samba, which has no control for the history: the account by its GUID, `unicodePwd` replaced.

use std::collections::HashSet;
use std::error::Error;
use std::io::{self, BufRead as _, Write as _};
use std::sync::Arc;
use std::time::Instant;

use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, Mod, Scope, SearchEntry, StdStream};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::Value;

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [accounts, username, ca] = arguments.as_slice() else {
        return Err("floor ACCOUNTS_JSON USERNAME CA_PEM".into());
    };
    let known: Value = serde_json::from_slice(&std::fs::read(accounts)?)?;
    let mut ldap = connect(&known, ca).await?;
    let account = find(&mut ldap, text(&known, "/base_dn")?, username).await?;
    for (round, line) in io::stdin().lock().lines().enumerate() {
        line?;
        let changes = vec![password(&format!("Direct-{}-{round}x!", std::process::id()))];
        let begun = Instant::now();
        ldap.modify(&account, changes).await?.success()?;
        let took = begun.elapsed();
        writeln!(io::stdout(), "{}", took.as_micros())?;
    }
    Ok(ldap.unbind().await?)
}

fn text<'a>(known: &'a Value, path: &str) -> Outcome<&'a str> {
    let value = known.pointer(path).and_then(Value::as_str);
    value.ok_or_else(|| format!("the list of accounts does not tell {path}").into())
}

/// A connection of the service account that the core uses.
async fn connect(known: &Value, ca: &str) -> Outcome<Ldap> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca)?)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = std::net::TcpStream::connect((text(known, "/ip")?, 636))?;
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    let settings = LdapConnSettings::new()
        .set_config(Arc::new(tls))
        .set_std_stream(StdStream::Tcp(stream));
    let url = format!("ldaps://{}", text(known, "/host")?);
    let (driver, mut ldap) = LdapConnAsync::with_settings(settings, &url).await?;
    tokio::spawn(driver.drive());
    let bound = ldap.simple_bind(text(known, "/service/upn")?, text(known, "/service/password")?);
    bound.await?.success()?;
    Ok(ldap)
}

/// The account by its lasting key, as the core names it.
async fn find(ldap: &mut Ldap, base: &str, username: &str) -> Outcome<String> {
    let filter = format!("(sAMAccountName={})", ldap3::ldap_escape(username));
    let found = ldap.search(base, Scope::Subtree, &filter, vec!["objectGUID"]);
    let (found, _) = found.await?.success()?;
    let mut entries = found.into_iter().map(SearchEntry::construct);
    let values = entries.find_map(|mut entry| entry.bin_attrs.remove("objectGUID"));
    let guid = values.and_then(|values| values.into_iter().next());
    let guid = guid.ok_or("nobody is called that")?;
    Ok(format!("<GUID={}>", data_encoding::HEXLOWER.encode(&guid)))
}

/// In double quotes, as UTF-16LE (MS-ADTS 3.1.1.3.1.5.1).
fn password(new: &str) -> Mod<Vec<u8>> {
    let value = format!("\"{new}\"")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    Mod::Replace(b"unicodePwd".to_vec(), HashSet::from([value]))
}
