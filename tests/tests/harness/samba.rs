//! The domain has the accounts that it says it has, in their states, by the word of MIT Kerberos.

use tests::kinit::{Verdict, kinit};
use tests::samba::{Policy, turn};

#[tokio::test(flavor = "multi_thread")]
async fn every_account_is_in_its_state() {
    let samba = turn(Policy::default()).await;
    let domain = samba.domain();
    let judge = |username: &str| kinit(domain, username, &domain.account(username).password);
    for username in ["alice", "frank", "hannah", "padmin"] {
        assert_eq!(judge(username), Verdict::Ticket, "{username}");
    }
    for username in ["bob", "carol", "dave"] {
        assert_eq!(judge(username), Verdict::Revoked, "{username}");
    }
    for username in ["erin", "greta"] {
        assert_eq!(judge(username), Verdict::MustChange, "{username}");
    }
    assert_eq!(kinit(domain, "alice", "wrong"), Verdict::WrongPassword);
    assert_eq!(kinit(domain, "nobody", "wrong"), Verdict::Unknown);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_lock_and_a_turn_puts_everything_back() {
    let policy = Policy {
        lockout_threshold: 3,
        ..Policy::default()
    };
    let samba = turn(policy).await;
    let domain = samba.domain();
    for _ in 0..3 {
        assert_eq!(kinit(domain, "alice", "wrong"), Verdict::WrongPassword);
    }
    let alice = domain.account("alice");
    assert_eq!(kinit(domain, "alice", &alice.password), Verdict::Revoked);
    drop(samba);
    let samba = turn(policy).await;
    assert_eq!(kinit(samba.domain(), "alice", &alice.password), Verdict::Ticket);
}
