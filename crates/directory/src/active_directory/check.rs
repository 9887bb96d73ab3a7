//! Everything that the adapter needs of its domain, tried one after the other.

use std::time::Duration;

use domain::clock::random_bytes;
use domain::{Lookup, Randomness};
use ldap3::Scope;
use secrecy::SecretString;

use crate::active_directory::edge::in_time;
use crate::active_directory::facts::{self, Facts};
use crate::active_directory::session::{Session, set_password};
use crate::active_directory::{ActiveDirectory, filetime, limits};
use crate::answer::CheckLine;
use crate::error::DirectoryError;
use crate::port::Directory;

/// What Kerberos tolerates; beyond it nothing in a domain works well.
const CLOCK_SKEW: Duration = Duration::from_mins(5);

/// A finding: what is there, or what is wrong and what to do about it.
type Finding = Result<String, (String, String)>;

pub(super) async fn lines(directory: &ActiveDirectory) -> Vec<CheckLine> {
    let mut report = Report {
        directory,
        lines: Vec::new(),
    };
    match in_time(limits::WHOLE, Session::open(&directory.pool)).await {
        Err(error) => report.add(
            "the service account signs in over verified TLS",
            Err(unreached(directory, &error)),
        ),
        Ok(mut session) => {
            let user = &directory.settings.bind_user;
            report.add(
                "the service account signs in over verified TLS",
                Ok(format!("as {user}")),
            );
            report.ask(&mut session).await;
        }
    }
    report.lines
}

/// What to do when not even the sign-in worked.
fn unreached(directory: &ActiveDirectory, error: &DirectoryError) -> (String, String) {
    let name = directory.pool.dialer().name();
    let remedy = match error {
        DirectoryError::ServiceCredentials(_) => {
            "put the service account's password into bind_password_file, see that the account is enabled, then restart"
                .to_owned()
        }
        DirectoryError::Tls(_) => {
            format!("put the CA of {name}'s certificate into ca_file; the certificate needs {name} in its SAN")
        }
        DirectoryError::Unavailable(_) => {
            format!("see that {name} runs and that TCP {} to it is open", directory.pool.dialer().port())
        }
        _ => "compare the [[directory]] section with the domain".to_owned(),
    };
    (error.for_operator(), remedy)
}

/// Sets a random password on the probe account.
pub(super) async fn reset_right(
    directory: &ActiveDirectory,
    probe: &str,
    randomness: &dyn Randomness,
) -> CheckLine {
    let report = Report {
        directory,
        lines: Vec::new(),
    };
    // All classes that a policy may ask for, and random bytes for the strength.
    let random: [u8; 24] = random_bytes(randomness);
    let new = SecretString::from(format!("Aa1-{}", data_encoding::BASE64URL_NOPAD.encode(&random)));
    let finding = match directory.find(&Lookup::AccountName(probe.to_owned())).await {
        Ok(None) => Err((
            format!("there is no {probe} below base_dn"),
            "make the probe account there".to_owned(),
        )),
        Err(error) => unexpected(&error),
        Ok(Some(account)) => {
            let changes = vec![set_password(&new)];
            match directory
                .write(account.id, false, |_| Ok(()), changes, true)
                .await
            {
                Ok(_) => Ok(format!("on {probe}")),
                Err(error @ DirectoryError::Forbidden(_)) => Err((error.for_operator(), report.grant())),
                Err(error) => unexpected(&error),
            }
        }
    };
    report.line("the service account may reset passwords", finding)
}

struct Report<'a> {
    directory: &'a ActiveDirectory,
    lines: Vec<CheckLine>,
}

impl Report<'_> {
    fn add(&mut self, what: &str, finding: Finding) {
        let line = self.line(what, finding);
        self.lines.push(line);
    }

    fn line(&self, what: &str, finding: Finding) -> CheckLine {
        let dialer = self.directory.pool.dialer();
        let (result, remedy) = match finding {
            Ok(found) => (Ok(found), None),
            Err((wrong, remedy)) => (Err(wrong), Some(remedy)),
        };
        CheckLine {
            what: what.to_owned(),
            where_: dialer.name().to_owned(),
            port: Some(dialer.port()),
            result,
            remedy,
        }
    }

    /// The command that grants all that is needed.
    fn grant(&self) -> String {
        let (base, user) = (
            &self.directory.settings.base_dn,
            &self.directory.settings.bind_user,
        );
        format!(
            "dsacls \"{base}\" /I:S /G \"{user}:CA;Reset Password;user\" \"{user}:RPWP;lockoutTime;user\" \
             \"{user}:RP;pwdLastSet;user\""
        )
    }

    async fn ask(&mut self, session: &mut Session<'_>) {
        let directory = self.directory;
        let clock = in_time(limits::SEARCH, self.clock(session))
            .await
            .unwrap_or_else(|error| unexpected(&error));
        self.add("the controller's clock agrees with ours", clock);
        match in_time(limits::WHOLE, Facts::learn(session, &directory.settings)).await {
            Err(error) => self.add("the domain tells about itself", unexpected(&error)),
            Ok(facts) => {
                self.add(
                    "the domain tells about itself",
                    Ok(format!("{} ({})", facts.head, facts.netbios)),
                );
                self.add("the policies' groups are there", groups(&facts));
                self.add("the service account has no privilege", service(&facts));
                self.add("resets are held to the password history", self.history(&facts));
            }
        }
        let delegation = in_time(limits::WHOLE, self.delegation(session))
            .await
            .unwrap_or_else(|error| unexpected(&error));
        self.add("the service account may unlock and force a change", delegation);
    }

    async fn clock(&self, session: &mut Session<'_>) -> Result<Finding, DirectoryError> {
        let root = facts::root(session).await?;
        let Some(theirs) = root.text("currentTime").and_then(filetime::generalized) else {
            return Err(DirectoryError::Protocol(
                "the controller tells no time".to_owned(),
            ));
        };
        let ours = self.directory.clock.now();
        let apart = ours.since(theirs).max(theirs.since(ours));
        if apart <= CLOCK_SKEW {
            return Ok(Ok(format!("{} s apart", apart.as_secs())));
        }
        Ok(Err((
            format!("{} s apart", apart.as_secs()),
            "let both take their time from the same source".to_owned(),
        )))
    }

    fn history(&self, facts: &Facts) -> Finding {
        match (facts.has_policy_hints, self.directory.settings.require_history) {
            (true, _) => Ok("yes".to_owned()),
            (false, false) => {
                Ok("no, and require_history is not set: a reset may bring an old password back".to_owned())
            }
            (false, true) => Err((
                "the controller has no policy hints control, so every reset is refused".to_owned(),
                "set require_history = false, or use controllers that have it".to_owned(),
            )),
        }
    }

    /// Looks at one person below the base that nobody made an administrator of.
    async fn delegation(&self, session: &mut Session<'_>) -> Result<Finding, DirectoryError> {
        let base = &self.directory.settings.base_dn;
        let filter = "(&(objectCategory=person)(objectClass=user)(!(adminCount=1)))";
        let found = match session
            .search(base, Scope::Subtree, filter, &["allowedAttributesEffective"], 1)
            .await
        {
            Err(DirectoryError::NotFound) => {
                return Ok(Err((
                    format!("there is no {base}"),
                    "set base_dn to the people's OU".to_owned(),
                )));
            }
            other => other?,
        };
        let Some(person) = found.first() else {
            return Ok(Err((
                format!("nobody is below {base}"),
                "set base_dn to the people's OU".to_owned(),
            )));
        };
        let may_unlock = person
            .texts("allowedAttributesEffective")
            .any(|own| own.eq_ignore_ascii_case("lockoutTime"));
        if may_unlock {
            return Ok(Ok("lockoutTime can be written".to_owned()));
        }
        Ok(Err((
            format!("on {} it may not write lockoutTime", person.dn),
            self.grant(),
        )))
    }
}

fn unexpected(error: &DirectoryError) -> Finding {
    Err((
        error.for_operator(),
        "look at the directory's log and at the rights of the service account".to_owned(),
    ))
}

fn groups(facts: &Facts) -> Finding {
    if facts.missing_groups.is_empty() {
        return Ok(format!("{} groups", facts.groups.len()));
    }
    Err((
        facts.missing_groups.join("; "),
        "correct groups in [[recovery.policy]]".to_owned(),
    ))
}

fn service(facts: &Facts) -> Finding {
    match &facts.service {
        Some(service) if service.is_privileged => Err((
            "it belongs to a protected group".to_owned(),
            "take it out: three rights on the people's OU are all that it needs".to_owned(),
        )),
        Some(service) => Ok(format!("{} is in no protected group", service.sid)),
        None => Err((
            "it cannot find itself in the directory, so it cannot protect itself".to_owned(),
            "write bind_user as its userPrincipalName".to_owned(),
        )),
    }
}
