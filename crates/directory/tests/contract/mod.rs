//! One suite for both directories: what the core relies on, whatever stands behind the port.
//!
//! Each case makes accounts of its own through the [`Fixture`], so that cases may run side by side.

mod changing;
mod finding;
mod fixture;
mod permits;
mod resetting;
mod trying;

pub(crate) use changing::*;
pub(crate) use finding::*;
pub(crate) use fixture::*;
pub(crate) use permits::*;
pub(crate) use resetting::*;
pub(crate) use trying::*;

/// Runs every case of the contract against the fixture that `$fixture` gives.
macro_rules! contract {
    ($fixture:expr; $($case:ident)*) => {
        $(
            #[tokio::test]
            async fn $case() {
                let fixture = $fixture.await;
                crate::contract::$case(&*fixture).await;
            }
        )*
    };
    ($fixture:expr) => {
        contract! { $fixture;
            every_spelling_finds_the_account
            what_is_not_a_name_finds_nobody
            a_shared_address_is_ambiguous
            the_state_is_told
            groups_of_the_policies_are_reported
            policies_have_their_values
            a_survey_tells_what_the_single_questions_tell
            nobody_is_found_behind_an_id_that_is_gone
            a_reset_sets_the_password_and_nothing_else
            a_reset_unlocks_when_asked
            a_refused_reset_changes_nothing_at_all
            any_text_can_be_a_password_but_no_malformed_one
            unlocking_twice_is_no_error
            protected_accounts_stay_untouched
            evidence_settles_what_was_done
            a_change_needs_the_current_password
            a_change_is_held_to_the_policy
            a_change_waits_for_the_minimum_age_unless_it_is_a_must
            an_unusable_account_is_not_changed
            a_right_password_tells_what_is_the_matter
            wrong_passwords_are_counted_and_lock
            the_allowance_never_locks
            everything_that_is_needed_is_there
        }
    };
}
pub(crate) use contract;
