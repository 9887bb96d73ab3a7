//! What a controller's refusal means: by result code, then by the eight hex digits, then by `data`; never by
//! prose, which differs between versions and languages.

use ldap3::result::LdapResult;

use crate::answer::PasswordCheck;
use crate::error::{DirectoryError, PolicyRefusal};

/// The parts of a refusal that mean the same everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    /// The LDAP result code (RFC 4511 appendix A).
    pub rc: u32,
    /// The Windows error in front of the text.
    pub hex: Option<u32>,
    /// The code behind the word `data`, which a refused bind carries.
    pub data: Option<u32>,
    /// A hint out of the prose that one implementation adds; for the log only.
    hint: PolicyRefusal,
}

const ACCESS_DENIED: u32 = 0x05;
const WRONG_PASSWORD: u32 = 0x56;
const PASSWORD_RESTRICTION: u32 = 0x52d;
const ACCOUNT_RESTRICTION: u32 = 0x52f;
const LOCKED_OUT: u32 = 0x775;

impl Fault {
    pub(super) fn of(result: &LdapResult) -> Self {
        Self {
            rc: result.rc,
            hex: leading_hex(&result.text),
            data: data_code(&result.text),
            hint: policy_hint(&result.text),
        }
    }

    /// For the log: the codes and no text.
    pub(super) fn codes(self) -> String {
        let hex = self
            .hex
            .map(|hex| format!(", error {hex:08x}"))
            .unwrap_or_default();
        let data = self
            .data
            .map(|data| format!(", data {data:x}"))
            .unwrap_or_default();
        format!("result {}{hex}{data}", self.rc)
    }

    /// What a refused search or modify means. Any answer of a controller says that nothing was written.
    pub(super) fn error(self) -> DirectoryError {
        match (self.rc, self.hex) {
            (19 | 53, Some(PASSWORD_RESTRICTION | ACCOUNT_RESTRICTION)) => DirectoryError::Policy(self.hint),
            (19 | 53, Some(WRONG_PASSWORD)) => DirectoryError::WrongPassword,
            (19 | 53, Some(LOCKED_OUT)) => DirectoryError::Locked,
            (19 | 53, Some(ACCESS_DENIED)) | (50, _) => DirectoryError::Forbidden(self.codes()),
            (32, _) => DirectoryError::NotFound,
            (3 | 11 | 51 | 52 | 80, _) => DirectoryError::Unavailable(self.codes()),
            (1 | 8 | 10 | 12 | 34 | 53, _) => DirectoryError::Misconfigured(self.codes()),
            _ => DirectoryError::Protocol(self.codes()),
        }
    }

    /// What a refused bind tells about a password that somebody typed; `None` when it tells nothing about it.
    pub(super) fn password(self) -> Option<PasswordCheck> {
        match (self.rc, self.data) {
            (49, Some(0x530 | 0x531)) => Some(PasswordCheck::NotHereOrNow),
            (49, Some(0x532)) => Some(PasswordCheck::RightExpired),
            (49, Some(0x533)) => Some(PasswordCheck::Disabled),
            (49, Some(0x701)) => Some(PasswordCheck::AccountExpired),
            (49, Some(0x773)) => Some(PasswordCheck::RightMustChange),
            (49, Some(0x775)) => Some(PasswordCheck::Locked),
            (49, _) => Some(PasswordCheck::Wrong),
            _ => None,
        }
    }
}

/// Eight hex digits and a colon at the start.
fn leading_hex(text: &str) -> Option<u32> {
    let (digits, _) = text.split_once(':')?;
    (digits.len() == 8)
        .then(|| u32::from_str_radix(digits, 16).ok())
        .flatten()
}

/// The hex digits behind `, data `.
fn data_code(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once(", data ")?;
    let digits = rest.split(|c: char| !c.is_ascii_hexdigit()).next()?;
    u32::from_str_radix(digits, 16).ok()
}

fn policy_hint(text: &str) -> PolicyRefusal {
    let text = text.to_ascii_lowercase();
    [
        ("too short", PolicyRefusal::TooShort),
        ("complexity", PolicyRefusal::Complexity),
        ("history", PolicyRefusal::History),
        ("too young", PolicyRefusal::TooYoung),
    ]
    .into_iter()
    .find(|(words, _)| text.contains(words))
    .map_or(PolicyRefusal::Unspecified, |(_, hint)| hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(rc: u32, text: &str) -> Fault {
        let (matched, text) = (String::new(), text.to_owned());
        Fault::of(&LdapResult {
            rc,
            matched,
            text,
            refs: vec![],
            ctrls: vec![],
        })
    }

    /// Texts recorded from Samba 4.17, and those that Windows is documented to send.
    #[test]
    fn refused_writes_are_told_apart_by_their_codes() {
        let samba_short = "0000052D: Constraint violation - check_password_restrictions: the password is too \
                           short. It should be equal or longer than 7 characters!";
        let samba_young = "0000052D: Constraint violation - check_password_restrictions: password is too young \
                           to change!";
        let windows = "0000052D: AtrErr: DSID-03191083, #1:\n\t0: 0000052D: DSID-03191083, problem 1005 \
                       (CONSTRAINT_ATT_TYPE), data 0, Att 9005a (unicodePwd)\n\u{0}";
        let windows_53 = "0000052D: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0\n\u{0}";
        let old_wrong = "00000056: AtrErr: DSID-03191083, problem 1005 (CONSTRAINT_ATT_TYPE), data 0";
        assert_eq!(
            fault(19, samba_short).error(),
            DirectoryError::Policy(PolicyRefusal::TooShort)
        );
        assert_eq!(
            fault(19, samba_young).error(),
            DirectoryError::Policy(PolicyRefusal::TooYoung)
        );
        assert_eq!(
            fault(19, windows).error(),
            DirectoryError::Policy(PolicyRefusal::Unspecified)
        );
        assert_eq!(
            fault(53, windows_53).error(),
            DirectoryError::Policy(PolicyRefusal::Unspecified)
        );
        assert_eq!(fault(19, old_wrong).error(), DirectoryError::WrongPassword);
        assert_eq!(fault(19, "00000775: locked out").error(), DirectoryError::Locked);
        assert_eq!(
            fault(32, "00002030: No such object").error(),
            DirectoryError::NotFound
        );
    }

    #[test]
    fn what_an_operator_must_mend_says_its_codes_and_no_text() {
        let denied = "00002098: Object CN=Alice Archer has no write property access\n";
        assert_eq!(
            fault(50, denied).error(),
            DirectoryError::Forbidden("result 50, error 00002098".into())
        );
        let no_hex = "error in module acl: insufficient access rights";
        assert_eq!(
            fault(50, no_hex).error(),
            DirectoryError::Forbidden("result 50".into())
        );
        assert!(matches!(
            fault(19, "00000005: access").error(),
            DirectoryError::Forbidden(_)
        ));
        assert!(matches!(fault(12, "").error(), DirectoryError::Misconfigured(_)));
        assert!(matches!(
            fault(53, "0000001F: SvcErr").error(),
            DirectoryError::Misconfigured(_)
        ));
        assert!(matches!(
            fault(10, "0000202B: RefErr").error(),
            DirectoryError::Misconfigured(_)
        ));
        assert!(matches!(fault(51, "").error(), DirectoryError::Unavailable(_)));
        assert!(matches!(fault(71, "").error(), DirectoryError::Protocol(_)));
    }

    #[test]
    fn a_refused_bind_is_read_by_its_data() {
        let bind = |data: &str| {
            let text = format!(
                "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, {data}, v1db1"
            );
            fault(49, &text).password()
        };
        assert_eq!(bind("data 52e"), Some(PasswordCheck::Wrong));
        assert_eq!(bind("data 525"), Some(PasswordCheck::Wrong));
        assert_eq!(bind("data 775"), Some(PasswordCheck::Locked));
        assert_eq!(bind("data 533"), Some(PasswordCheck::Disabled));
        assert_eq!(bind("data 701"), Some(PasswordCheck::AccountExpired));
        assert_eq!(bind("data 532"), Some(PasswordCheck::RightExpired));
        assert_eq!(bind("data 773"), Some(PasswordCheck::RightMustChange));
        assert_eq!(bind("data 530"), Some(PasswordCheck::NotHereOrNow));
        assert_eq!(
            bind("no data"),
            Some(PasswordCheck::Wrong),
            "a refusal is never taken for right"
        );
        assert_eq!(fault(8, "Transport encryption required.").password(), None);
    }
}
