//! The core's API, as a portal uses it: one method for each call, typed by the contract.
//!
//! A trait, so that a portal's tests can put something in the core's place.

use async_trait::async_trait;
use contract::enrolment::{Enrolment, NewEmail, Outward};
use contract::paths;
use contract::recovery::{Act, Answer, Begin, Method, NotMe, Pick, Renew, Renewed, SealKey, Sealed};
use secrecy::SecretString;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::error::{ClientError, SetupError};
use crate::transport::{Call, Transport, TransportSettings};

/// On whose behalf a call is made.
#[derive(Clone, Copy, Debug)]
pub struct OnBehalf<'a> {
    /// The recovery's handle.
    pub handle: &'a SecretString,
    /// The reference of the request that the call is made for.
    pub reference: &'a str,
}

/// What a portal asks of the core. Nothing is repeated by itself: only the caller knows what may be.
#[async_trait]
pub trait CoreApi: Send + Sync + 'static {
    /// Begins a recovery. The answer carries its first handle.
    async fn begin(&self, begin: &Begin, reference: &str) -> Result<Answer, ClientError>;
    /// Where the recovery stands. Changes nothing.
    async fn look(&self, whose: OnBehalf<'_>) -> Result<Answer, ClientError>;
    /// Picks a method; for a sent code this asks for the sending.
    async fn pick(&self, whose: OnBehalf<'_>, method: Method) -> Result<Answer, ClientError>;
    /// Gives a proof. The same box under the same handle may be given again for a minute.
    async fn prove(&self, whose: OnBehalf<'_>, sealed: &Sealed) -> Result<Answer, ClientError>;
    /// Asks for an action. The same key may be given again.
    async fn act(&self, whose: OnBehalf<'_>, act: &Act) -> Result<Answer, ClientError>;
    /// Ends the recovery.
    async fn end(&self, whose: OnBehalf<'_>) -> Result<(), ClientError>;

    /// The factors of the account. Changes nothing.
    async fn enrolment(&self, whose: OnBehalf<'_>) -> Result<Enrolment, ClientError>;
    /// A new authenticator app's secret, sealed to the key in the box.
    async fn enrol_totp(&self, whose: OnBehalf<'_>, sealed: &Sealed) -> Result<Outward, ClientError>;
    /// The app's first code.
    async fn confirm_totp(&self, whose: OnBehalf<'_>, sealed: &Sealed) -> Result<Enrolment, ClientError>;
    /// New recovery codes, sealed to the key in the box.
    async fn enrol_recovery_codes(
        &self,
        whose: OnBehalf<'_>,
        sealed: &Sealed,
    ) -> Result<Outward, ClientError>;
    /// The person says that the codes are kept.
    async fn confirm_recovery_codes(&self, whose: OnBehalf<'_>) -> Result<Enrolment, ClientError>;
    /// A new mailbox, to which a code is sent.
    async fn enrol_email(&self, whose: OnBehalf<'_>, email: &NewEmail) -> Result<Enrolment, ClientError>;
    /// The code that was sent to it.
    async fn confirm_email(&self, whose: OnBehalf<'_>, sealed: &Sealed) -> Result<Enrolment, ClientError>;
    /// Removes a factor. The id must be one that the core gave: letters, digits, `-` and `_`.
    async fn remove_factor(&self, whose: OnBehalf<'_>, id: &str) -> Result<Enrolment, ClientError>;

    /// Somebody says that a recovery of his account was not his.
    async fn not_me(&self, report: &NotMe, reference: &str) -> Result<(), ClientError>;
    /// The signed document with the core's sealing keys; not verified here.
    async fn seal_key(&self) -> Result<SealKey, ClientError>;
    /// Renews the caller's own certificate.
    async fn renew(&self, request: &Renew) -> Result<Renewed, ClientError>;
}

/// The core over mutual TLS.
#[derive(Debug)]
pub struct CoreClient {
    transport: Transport,
}

impl CoreClient {
    /// Reads the files and makes the client; connects to nothing yet.
    pub fn new(settings: TransportSettings) -> Result<Self, SetupError> {
        Ok(Self {
            transport: Transport::new(settings)?,
        })
    }

    /// Reads certificate, key and authority again; on an error everything stays as it was.
    pub fn reload(&self) -> Result<(), SetupError> {
        self.transport.reload()
    }

    async fn ask<R: DeserializeOwned>(&self, call: Call<'_>, whose: OnBehalf<'_>) -> Result<R, ClientError> {
        self.transport
            .call(call.handle(whose.handle).reference(whose.reference))
            .await
    }

    async fn tell<R: DeserializeOwned>(
        &self,
        path: &str,
        whose: OnBehalf<'_>,
        body: &(impl Serialize + Sync),
    ) -> Result<R, ClientError> {
        let call = Call::post(path).handle(whose.handle).reference(whose.reference);
        self.transport.call_with(call, body).await
    }
}

#[async_trait]
impl CoreApi for CoreClient {
    async fn begin(&self, begin: &Begin, reference: &str) -> Result<Answer, ClientError> {
        let call = Call::post(paths::RECOVERIES).reference(reference);
        self.transport.call_with(call, begin).await
    }

    async fn look(&self, whose: OnBehalf<'_>) -> Result<Answer, ClientError> {
        self.ask(Call::get(paths::CURRENT), whose).await
    }

    async fn pick(&self, whose: OnBehalf<'_>, method: Method) -> Result<Answer, ClientError> {
        self.tell(paths::CHALLENGES, whose, &Pick { method }).await
    }

    async fn prove(&self, whose: OnBehalf<'_>, sealed: &Sealed) -> Result<Answer, ClientError> {
        self.tell(paths::PROOFS, whose, sealed).await
    }

    async fn act(&self, whose: OnBehalf<'_>, act: &Act) -> Result<Answer, ClientError> {
        self.tell(paths::ACTIONS, whose, act).await
    }

    async fn end(&self, whose: OnBehalf<'_>) -> Result<(), ClientError> {
        self.ask(Call::delete(paths::CURRENT), whose)
            .await
            .map(|_: IgnoredAny| ())
    }

    async fn enrolment(&self, whose: OnBehalf<'_>) -> Result<Enrolment, ClientError> {
        self.ask(Call::get(paths::ENROLMENT), whose).await
    }

    async fn enrol_totp(&self, whose: OnBehalf<'_>, sealed: &Sealed) -> Result<Outward, ClientError> {
        self.tell(paths::ENROL_TOTP, whose, sealed).await
    }

    async fn confirm_totp(&self, whose: OnBehalf<'_>, sealed: &Sealed) -> Result<Enrolment, ClientError> {
        self.tell(paths::CONFIRM_TOTP, whose, sealed).await
    }

    async fn enrol_recovery_codes(
        &self,
        whose: OnBehalf<'_>,
        sealed: &Sealed,
    ) -> Result<Outward, ClientError> {
        self.tell(paths::ENROL_RECOVERY_CODES, whose, sealed).await
    }

    async fn confirm_recovery_codes(&self, whose: OnBehalf<'_>) -> Result<Enrolment, ClientError> {
        self.ask(Call::post(paths::CONFIRM_RECOVERY_CODES), whose).await
    }

    async fn enrol_email(&self, whose: OnBehalf<'_>, email: &NewEmail) -> Result<Enrolment, ClientError> {
        self.tell(paths::ENROL_EMAIL, whose, email).await
    }

    async fn confirm_email(&self, whose: OnBehalf<'_>, sealed: &Sealed) -> Result<Enrolment, ClientError> {
        self.tell(paths::CONFIRM_EMAIL, whose, sealed).await
    }

    async fn remove_factor(&self, whose: OnBehalf<'_>, id: &str) -> Result<Enrolment, ClientError> {
        let path = paths::FACTOR.replace("{id}", id);
        self.ask(Call::delete(&path), whose).await
    }

    async fn not_me(&self, report: &NotMe, reference: &str) -> Result<(), ClientError> {
        let call = Call::post(paths::NOT_ME).reference(reference);
        self.transport
            .call_with(call, report)
            .await
            .map(|_: IgnoredAny| ())
    }

    async fn seal_key(&self) -> Result<SealKey, ClientError> {
        self.transport.call(Call::get(paths::SEAL_KEY)).await
    }

    async fn renew(&self, request: &Renew) -> Result<Renewed, ClientError> {
        self.transport
            .call_with(Call::post(paths::PEER_CERTIFICATE), request)
            .await
    }
}
