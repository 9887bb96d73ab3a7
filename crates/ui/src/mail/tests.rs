use jiff::tz::TimeZone;

use super::*;
use crate::Lang;
use crate::times::Calendar;
use crate::words::Words;

const NOON: i64 = 1_795_348_800_000;

fn calendar() -> Calendar {
    Calendar {
        now_ms: NOON,
        zone: TimeZone::UTC,
    }
}

fn every_mail(lang: Lang) -> String {
    let (words, calendar) = (Words::of(lang), calendar());
    let purposes = [
        Purpose::Reset,
        Purpose::Unlock,
        Purpose::Change,
        Purpose::Enrol,
        Purpose::Confirm,
    ];
    let events = [
        Event::Reset,
        Event::Changed,
        Event::Unlocked,
        Event::Unknown,
        Event::FactorAdded,
        Event::FactorRemoved,
    ];
    let mut mails: Vec<Text> = purposes
        .into_iter()
        .map(|purpose| {
            let mail = Code {
                organisation: "Example Corp",
                purpose,
                code: "1234 5678",
                asked_ms: NOON,
                until_ms: NOON + 600_000,
                place: "203.0.113.0/24",
            };
            code(words, &calendar, &mail)
        })
        .collect();
    mails.extend(events.into_iter().map(|event| {
        let mail = Notice {
            organisation: "Example Corp",
            event,
            at_ms: NOON,
            place: "203.0.113.0/24",
            not_me: "https://reset.corp.example/not-me#token",
            helpdesk: "+49 30 1234567",
        };
        notice(words, &calendar, &mail)
    }));
    mails.extend(what_is_wrong(words, &calendar));
    mails.push(invitation(
        words,
        &calendar,
        &Invitation {
            organisation: "Example Corp",
            account: "alice",
            code: "ABCD-EFGH-JKMN-PQRS",
            page: "https://reset.corp.example/enrol",
            until_ms: NOON + 86_400_000,
            helpdesk: "+49 30 1234567",
        },
    ));
    for (readings, with_passphrase) in [(1, true), (3, false)] {
        let mail = MessageLink {
            organisation: "Example Corp",
            link: "https://secret.corp.example/m/AAAAAAAAAAAAAAAAAAAAAA#link.p1",
            until_ms: NOON + 86_400_000,
            readings,
            with_passphrase,
            helpdesk: "+49 30 1234567",
        };
        mails.push(message_link(words, &calendar, &mail));
    }
    let news = [
        News::Opened,
        News::OpenedBeyond,
        News::Locked,
        News::Expired,
        News::Lost,
        News::NotSent,
        News::NotMailed,
        News::Arrived,
        News::DropLost,
    ];
    mails.extend(news.into_iter().map(|news| {
        let mail = MessageNews {
            organisation: "Example Corp",
            news,
            at_ms: NOON,
            place: matches!(news, News::Opened | News::OpenedBeyond | News::Locked).then_some("203.0.113.7"),
            message: "AAAAAAAAAAAAAAAAAAAAAA",
            recipient: Some("bob@home.example"),
            reason: Some("first password\r\nFrom: nowhere"),
        };
        message_news(words, &calendar, &mail)
    }));
    mails
        .iter()
        .map(|mail| format!("Subject: {}\n\n{}\n", mail.subject, mail.body))
        .collect::<Vec<_>>()
        .join("\n---\n\n")
}

fn what_is_wrong(words: &Words, calendar: &Calendar) -> [Text; 2] {
    let stopped = Frozen {
        organisation: "Example Corp",
        at_ms: NOON,
        helpdesk: "+49 30 1234567",
    };
    let alarm = SiteAlarm {
        organisation: "Example Corp",
        site: "dmz1",
        what: "stale",
        sentence: "no good answer came from the site",
        about: None,
        at_ms: NOON,
    };
    [
        frozen(words, calendar, &stopped),
        site_alarm(words, calendar, &alarm),
    ]
}

#[test]
fn mails_read_well_in_both_languages() {
    insta::assert_snapshot!("mails-en", every_mail(Lang::En));
    insta::assert_snapshot!("mails-de", every_mail(Lang::De));
}

#[test]
fn a_code_is_never_in_the_subject_and_a_subject_is_one_line() {
    let mail = Code {
        organisation: "Example\r\nBcc: x@example.com",
        purpose: Purpose::Reset,
        code: "12345678",
        asked_ms: NOON,
        until_ms: NOON,
        place: "here",
    };
    let text = code(Words::of(Lang::En), &calendar(), &mail);
    assert!(!text.subject.contains("12345678") && !text.subject.contains(['\r', '\n']));
    assert!(text.body.contains("12345678"));
}
