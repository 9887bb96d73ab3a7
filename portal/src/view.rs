//! From what the core reports to a page: values are renamed, nothing is judged.

use actix_web::HttpResponse;
use contract::recovery::{AccountView, Offer, Refused, Rule, Stage, View};
use contract::{Action, Method, Purpose};
use data_encoding::BASE64URL_NOPAD;
use server::Randomness;
use ui::rules;

use crate::pages::act::{self, ActView};
use crate::pages::choose::{self, ChooseView};
use crate::pages::done::{self, DoneView};
use crate::pages::prove::{self, CodeMethod, NotProved, ProveView};
use crate::pages::refused::Refusal;
use crate::pages::state::{AccountState, Fact};
use crate::pages::unknown::{self, UnknownView};
use crate::pages::{self, Seal, working};
use crate::refusal::gone_away;
use crate::routes;
use crate::visit::{Visit, see_other};

/// How the current page is looked at: what the address says besides the path.
#[derive(Default, serde::Deserialize)]
pub(crate) struct Looking {
    /// Another method is to be picked.
    pub(crate) other: Option<String>,
    /// A step has just been passed.
    pub(crate) next: Option<String>,
    /// A field was left empty.
    pub(crate) missing: Option<String>,
    /// A new code was asked for.
    pub(crate) sent: Option<String>,
    /// What was sent belonged to an earlier page.
    pub(crate) stale: Option<String>,
}

impl Looking {
    fn news(&self) -> Option<prove::News> {
        if self.stale.is_some() {
            Some(prove::News::Stale)
        } else {
            self.sent.as_ref().map(|_| prove::News::SentAgain)
        }
    }

    fn missing(&self) -> Option<NotProved> {
        match self.missing.as_deref()? {
            "code" => Some(NotProved::MissingCode),
            "current" => Some(NotProved::MissingPassword),
            _ => None,
        }
    }
}

/// The page of a recovery as it stands.
pub(crate) fn show(visit: &Visit, view: View, looking: &Looking) -> HttpResponse {
    let (purpose, until) = (view.purpose.into(), view.until);
    match view.stage {
        Stage::Choose { methods } => choose(visit, purpose, &methods, until, looking),
        Stage::Challenge {
            method,
            methods,
            seal,
            wrong,
            sent_an_hour,
        } => match typed(method) {
            Some(method) if looking.other.is_none() => {
                let news = looking.news();
                // What was wrong was somebody else's or an earlier page's; it is not said of what was not judged.
                let wrong = (wrong && news.is_none()).then_some(NotProved::Wrong);
                let view = ProveView {
                    purpose,
                    method,
                    with_password: is_first_enrolment(purpose, method),
                    seal: block(visit, seal),
                    problem: looking.missing().or(wrong),
                    news,
                    sent_an_hour,
                    until,
                };
                visit.page(routes::RECOVERY, |frame| prove::page(frame, &view))
            }
            _ => choose(visit, purpose, &methods, until, looking),
        },
        Stage::Proved {
            account,
            offers,
            refused,
        } => {
            let refused = refused.map(|refused| (blamed(&refused, &offers), refusal(refused)));
            let view = ActView {
                account: state(account),
                offers: offers.into_iter().map(|o| offer(visit, o)).collect(),
                refused,
                is_stale: looking.stale.is_some(),
                until,
            };
            visit.page(routes::RECOVERY, |frame| act::page(frame, &view))
        }
        Stage::Enrolling => see_other(routes::ENROL),
        Stage::DirectoryAway => gone_away(visit),
        Stage::Acting { .. } => visit.page(routes::RECOVERY, working::page),
        Stage::Done {
            action: what,
            unlocked,
            at,
        } => {
            let view = DoneView {
                action: what.into(),
                unlocked,
                at,
            };
            visit.page(routes::RECOVERY, |frame| done::page(frame, &view))
        }
        Stage::Unknown {
            action: what,
            reference,
        } => {
            let view = UnknownView {
                action: what.into(),
                reference,
            };
            visit.page(routes::RECOVERY, |frame| unknown::page(frame, &view))
        }
    }
}

fn choose(
    visit: &Visit,
    purpose: pages::Purpose,
    methods: &[Method],
    until: Option<i64>,
    looking: &Looking,
) -> HttpResponse {
    let view = ChooseView {
        purpose,
        is_next_step: looking.next.is_some(),
        methods: methods.iter().copied().filter_map(typed).collect(),
        is_stale: looking.stale.is_some(),
        until,
    };
    visit.page(routes::OTHER_WAY, |frame| choose::page(frame, &view))
}

/// The methods that these pages can ask for; others are not shown.
fn typed(method: Method) -> Option<CodeMethod> {
    Some(match method {
        Method::Totp => CodeMethod::Totp,
        Method::EmailCode => CodeMethod::EmailCode,
        Method::RecoveryCode => CodeMethod::RecoveryCode,
        Method::Invitation => CodeMethod::Invitation,
        Method::Passkey
        | Method::SmsCode
        | Method::HelpdeskCode
        | Method::Radius
        | Method::OpenidConnect
        | Method::SecurityQuestions => return None,
    })
}

/// An invitation to enrol is judged together with the current password.
fn is_first_enrolment(purpose: pages::Purpose, method: CodeMethod) -> bool {
    purpose == pages::Purpose::Enrol && method == CodeMethod::Invitation
}

pub(crate) fn block(visit: &Visit, block: String) -> Seal {
    Seal {
        block,
        required: visit.office.sealed_only,
    }
}

impl From<Purpose> for pages::Purpose {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Reset => Self::Reset,
            Purpose::Unlock => Self::Unlock,
            Purpose::Change => Self::Change,
            Purpose::Enrol => Self::Enrol,
        }
    }
}

impl From<pages::Purpose> for Purpose {
    fn from(purpose: pages::Purpose) -> Self {
        match purpose {
            pages::Purpose::Reset => Self::Reset,
            pages::Purpose::Unlock => Self::Unlock,
            pages::Purpose::Change => Self::Change,
            pages::Purpose::Enrol => Self::Enrol,
        }
    }
}

impl From<Action> for act::Action {
    fn from(action: Action) -> Self {
        match action {
            Action::Unlock => Self::Unlock,
            Action::Reset => Self::Reset,
            Action::Change => Self::Change,
        }
    }
}

fn offer(visit: &Visit, offer: Offer) -> act::Offer {
    act::Offer {
        action: offer.action.into(),
        seal: offer.seal.map(|seal| block(visit, seal)),
        rules: offer.rules.iter().filter_map(rule).collect(),
        unlocks: offer.unlocks,
        key: new_key(&visit.office.randomness),
    }
}

/// The idempotency key of one rendered form: 128 random bits, 22 characters. It stays the same when the form is
/// sent twice.
fn new_key(randomness: &Randomness) -> String {
    let mut bytes = [0; 16];
    randomness(&mut bytes);
    BASE64URL_NOPAD.encode(&bytes)
}

fn rule(rule: &Rule) -> Option<rules::Rule> {
    rules::Rule::from_parts(&rule.kind, rule.n, &rule.texts)
}

fn state(account: AccountView) -> AccountState {
    // Whom only the helpdesk can let in is not told what is well or waits with the password.
    let can_sign_in = account.enabled && account.expired.is_none() && !account.protected;
    let facts = [
        account.protected.then_some(Fact::Protected),
        (!account.enabled).then_some(Fact::Disabled),
        account.expired.map(Fact::Expired),
        account.locked.then_some(Fact::Locked {
            until: account.locked_until,
        }),
        account.must_change.then_some(Fact::MustChange),
        // Whoever must change it anyway need not hear that it has expired, too.
        (account.password_expired && !account.must_change).then_some(Fact::PasswordExpired),
        account
            .too_young_until
            .filter(|_| can_sign_in)
            .map(Fact::TooYoungUntil),
        account
            .password_expires
            .filter(|_| can_sign_in)
            .map(Fact::PasswordExpires),
    ];
    AccountState {
        name: account.display_name.unwrap_or(account.name),
        facts: facts.into_iter().flatten().collect(),
    }
}

/// The form that a refusal is shown at. The core does not repeat which action it refused: a wrong current password
/// can only be a change's, and everything about a new password belongs to the one form that asks for it.
fn blamed(refused: &Refused, offers: &[Offer]) -> act::Action {
    if matches!(refused, Refused::WrongPassword { .. } | Refused::NoMoreTries) {
        return act::Action::Change;
    }
    let with_password = offers.iter().find(|offer| offer.seal.is_some());
    with_password
        .or(offers.first())
        .map_or(act::Action::Reset, |offer| offer.action.into())
}

fn refusal(refused: Refused) -> Refusal {
    match refused {
        Refused::Rules { rules } => Refusal::Rules(rules.iter().filter_map(rule).collect()),
        Refused::Domain { reference } => Refusal::Domain { reference },
        Refused::WrongPassword { tries_left } => Refusal::WrongPassword { tries_left },
        Refused::NoMoreTries => Refusal::NoMoreTries,
        Refused::Mismatch => Refusal::Mismatch,
        Refused::TooManyToday => Refusal::TooManyToday,
        Refused::Forbidden { reference } => Refusal::Forbidden { reference },
        Refused::DirectoryAway => Refusal::DirectoryAway,
    }
}
