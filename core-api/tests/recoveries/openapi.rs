//! The document of the API names every address of the contract, and no other.

use std::collections::BTreeSet;

use contract::paths;

#[test]
fn the_document_and_the_contract_name_the_same_addresses() {
    let document = core_api::http::openapi();
    let documented: BTreeSet<&str> = document.paths.paths.keys().map(String::as_str).collect();
    let agreed = BTreeSet::from([
        paths::RECOVERIES,
        paths::CURRENT,
        paths::CHALLENGES,
        paths::PROOFS,
        paths::ACTIONS,
        paths::ENROLMENT,
        paths::ENROL_TOTP,
        paths::CONFIRM_TOTP,
        paths::ENROL_RECOVERY_CODES,
        paths::CONFIRM_RECOVERY_CODES,
        paths::ENROL_EMAIL,
        paths::CONFIRM_EMAIL,
        paths::FACTOR,
        paths::MESSAGES,
        paths::MESSAGE,
        paths::EXTEND_MESSAGE,
        paths::UNLOCK_MESSAGE,
        paths::DESTROY_MESSAGE,
        paths::MESSAGE_IDS,
        paths::NOT_ME,
        paths::SEAL_KEY,
        paths::PEER_CERTIFICATE,
    ]);
    assert_eq!(documented, agreed);
    let schemas = document.components.expect("there are schemas").schemas;
    assert!(
        schemas.contains_key("Answer") && schemas.contains_key("Problem"),
        "{:?}",
        schemas.keys()
    );
}
