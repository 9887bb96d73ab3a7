//! The addresses of the portal's pages and forms, said once for pages and handlers.

/// The first page.
pub const HOME: &str = "/";
/// The first page once recovery is set up.
pub const HOME_SET_UP: &str = "/?news=set-up";
/// The first page for whoever has no recovery to go on with.
pub const HOME_OVER: &str = "/?news=over";
/// A forgotten password: asks for the account, then begins a recovery.
pub const FORGOT: &str = "/forgot";
/// A locked account.
pub const UNLOCK: &str = "/unlock";
/// A change of the password.
pub const CHANGE: &str = "/change";
/// Setting up recovery: asks for the account; once everything is proved, the list of factors.
pub const ENROL: &str = "/enrol";

/// The current recovery, whatever its stage.
pub const RECOVERY: &str = "/recovery";
/// The current recovery, showing the methods of its step once more to pick another.
pub const OTHER_WAY: &str = "/recovery?other=1";
/// The same after a passed step: another proof is asked for.
pub const NEXT_STEP: &str = "/recovery?next=1";
/// The same after a proof without its code.
pub const MISSING_CODE: &str = "/recovery?missing=code";
/// The same after a proof without the password that belongs to it.
pub const MISSING_PASSWORD: &str = "/recovery?missing=current";
/// The same after a form of an earlier page.
pub const STALE: &str = "/recovery?stale=1";
/// The same after a new code was asked for.
pub const SENT_AGAIN: &str = "/recovery?sent=1";
/// Picks a method.
pub const METHOD: &str = "/recovery/method";
/// Asks for a code to be sent.
pub const SEND: &str = "/recovery/send";
/// Takes a proof.
pub const PROVE: &str = "/recovery/prove";
/// Does what was proved.
pub const ACT: &str = "/recovery/act";
/// Ends the recovery.
pub const END: &str = "/recovery/end";

/// The list of factors after one was added.
pub const ENROL_ADDED: &str = "/enrol?news=added";
/// The list of factors after one was removed.
pub const ENROL_REMOVED: &str = "/enrol?news=removed";
/// The list of factors after the last one was to be removed.
pub const ENROL_LAST_STAYS: &str = "/enrol?news=last-stays";
/// The list of factors after a confirmation with nothing to confirm.
pub const ENROL_NOTHING_PENDING: &str = "/enrol?news=nothing-pending";
/// Adding an authenticator app: the page, and by POST the secret sealed to the browser.
pub const ENROL_TOTP: &str = "/enrol/totp";
/// Takes the app's first code.
pub const ENROL_TOTP_CONFIRM: &str = "/enrol/totp/confirm";
/// Adding an authenticator app once more, after a wrong code.
pub const ENROL_TOTP_WRONG: &str = "/enrol/totp?wrong=1";
/// Making recovery codes: the page, and by POST the codes sealed to the browser.
pub const ENROL_CODES: &str = "/enrol/codes";
/// Takes the person's word that the codes are kept.
pub const ENROL_CODES_CONFIRM: &str = "/enrol/codes/confirm";
/// Adding an e-mail address: the page, and by POST the sending of a code.
pub const ENROL_EMAIL: &str = "/enrol/email";
/// The page for the code sent to a new address, and by POST its confirmation.
pub const ENROL_EMAIL_CONFIRM: &str = "/enrol/email/confirm";
/// The page for that code after a wrong one.
pub const ENROL_EMAIL_WRONG: &str = "/enrol/email/confirm?wrong=1";
/// Removing a factor: by GET with `?factor=` the question, by POST the removal.
pub const ENROL_REMOVE: &str = "/enrol/remove";

/// "This was not me": the page that mails link to, with the token in the fragment.
pub const NOT_ME: &str = "/not-me";

/// Stylesheet and scripts, under a folder named after their digest.
pub const ASSETS: &str = "/assets/{file:.*}";
/// What search engines are told.
pub const ROBOTS: &str = "/robots.txt";
