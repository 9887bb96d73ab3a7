//! Steps of a recovery through the portal's forms, with secrets sealed as a browser seals them.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::sleep;

use crate::http::{Answer, Visitor};
use crate::page::Form;

/// How long a mail may take.
const MAIL: Duration = Duration::from_secs(15);

/// Begins a recovery for somebody who forgot the password.
pub(crate) async fn begin(visitor: &mut Visitor, identifier: &str) -> io::Result<Answer> {
    visitor.forget();
    visitor
        .post("/forgot", &[("identifier", identifier)])
        .await?
        .expect(303)
}

/// Picks a method.
pub(crate) async fn pick(visitor: &mut Visitor, method: &str) -> io::Result<Answer> {
    visitor
        .post("/recovery/method", &[("method", method)])
        .await?
        .expect(303)
}

/// Gives a code for the challenge on the page.
pub(crate) async fn prove(visitor: &mut Visitor, page: &str, code: &str) -> io::Result<Answer> {
    let block = Form::find(page, "/recovery/prove", None)?.hidden("seal")?;
    let sealed = seal(&block, &json!({ "code": code }))?;
    let fields = [("seal", block.as_str()), ("box", &sealed)];
    visitor.post("/recovery/prove", &fields).await?.expect(303)
}

/// Sets a new password by the form on the page. The time is told with sealing included.
pub(crate) async fn reset(visitor: &mut Visitor, page: &str, new: &str) -> io::Result<Duration> {
    let form = Form::find(page, "/recovery/act", Some("reset"))?;
    let (block, key) = (form.hidden("seal")?, form.hidden("key")?);
    let begun = Instant::now();
    let sealed = seal(&block, &json!({ "new": new, "repeat": new }))?;
    let fields = [
        ("action", "reset"),
        ("key", &key),
        ("seal", &block),
        ("box", &sealed),
    ];
    visitor.post("/recovery/act", &fields).await?.expect(303)?;
    Ok(begun.elapsed())
}

fn seal(block: &str, secret: &serde_json::Value) -> io::Result<String> {
    seal::seal_to(block, secret.to_string().as_bytes(), &mut seal::os_random).map_err(io::Error::other)
}

/// Up to the page that offers the reset, by a code sent to the address that the account has.
pub(crate) async fn prove_by_mail(
    visitor: &mut Visitor,
    mailbox: &mut Mailbox,
    identifier: &str,
) -> io::Result<String> {
    begin(visitor, identifier).await?;
    visitor.post("/recovery/send", &[]).await?.expect(303)?;
    let page = visitor.get("/recovery").await?.expect(200)?;
    let code = mailbox.code().await?;
    prove(visitor, &page.body, &code).await?;
    Ok(visitor.get("/recovery").await?.expect(200)?.body)
}

/// The folder into which the core puts mail.
pub(crate) struct Mailbox {
    folder: PathBuf,
    read: BTreeSet<PathBuf>,
}

impl Mailbox {
    /// What is in it now counts as read.
    pub(crate) fn new(folder: &Path) -> io::Result<Self> {
        let mut mailbox = Self {
            folder: folder.to_owned(),
            read: BTreeSet::new(),
        };
        mailbox.read = mailbox.mails()?.collect();
        Ok(mailbox)
    }

    fn mails(&self) -> io::Result<impl Iterator<Item = PathBuf> + use<>> {
        let entries = std::fs::read_dir(&self.folder)?.filter_map(Result::ok);
        let is_mail = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "eml");
        Ok(entries.map(|entry| entry.path()).filter(is_mail))
    }

    /// Waits for the next mail with a code.
    async fn code(&mut self) -> io::Result<String> {
        let begun = Instant::now();
        while begun.elapsed() < MAIL {
            for path in self.mails()? {
                if self.read.contains(&path) {
                    continue;
                }
                let mail = std::fs::read_to_string(&path)?;
                self.read.insert(path);
                if let Some(code) = mail.lines().find(|line| is_code(line)) {
                    return Ok(code.to_owned());
                }
            }
            sleep(Duration::from_millis(10)).await;
        }
        Err(io::Error::other("no mail with a code came"))
    }
}

fn is_code(line: &str) -> bool {
    line.len() == 8 && line.bytes().all(|byte| byte.is_ascii_digit())
}
