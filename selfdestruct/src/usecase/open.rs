//! Opens a message: the one place where a reading is taken.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use contract::sync::{Bytes, Digest, Token, What};
use ipnet::IpNet;
use server::Source;
use sqlite::Connection;

use super::judge::{Shown, Verdict, judge};
use super::{fits, sha256, to_its_end};
use crate::given::Step;
use crate::places::{Holder, Place, Places};
use crate::running::{Epoch, InEpoch, Running, Side};
use crate::site::{Opened, Opening, Proofs, SiteError};
use crate::store::message::{self, Message};
use crate::store::{Garbled, chain, claim, keys, piece};

/// Bytes of ciphertext; what is larger takes a place while it is held in memory.
const LARGE: u64 = 64 * 1024;

/// Where large contents are held.
struct Room {
    openings: Arc<Places>,
    repeats: Arc<Places>,
    visitor: IpNet,
}

struct NoRoom;

impl Room {
    /// The place that a content of so many bytes needs, if it needs one.
    fn take(&self, size: u64, shown: &Shown, verdict: Verdict) -> Result<Option<Place>, NoRoom> {
        if size <= LARGE {
            return Ok(None);
        }
        let place = match verdict {
            Verdict::Again => self.repeats.take(Holder::Claim(shown.claim)),
            _ => self.openings.take(Holder::Visitor(self.visitor)),
        };
        place.map(Some).ok_or(NoRoom)
    }
}

/// What the snapshot shows.
enum Look<T> {
    /// No such message, or not its link.
    Miss,
    /// It may be handed out, and there is no place for it.
    NoRoom,
    /// Behind the right link. What may be handed out comes along as `T`: the pieces as they are stored, then the message
    /// that they make.
    Hit {
        row: i64,
        shown: Shown,
        verdict: Verdict,
        held: Option<T>,
    },
}

/// What is stored of a message that may be handed out.
struct Locked {
    message: Message,
    pieces: Vec<Vec<u8>>,
    place: Option<Place>,
}

/// Opens it, or says why not.
pub(crate) async fn open(
    site: &Arc<Running>,
    id: Token,
    proofs: Proofs,
    claim: Token,
    source: Source,
) -> Result<Opening, SiteError> {
    // Before anything about this id is looked at: the answer is the same for every one.
    let Ok(entered) = site.enter().await else {
        return Ok(Opening::NotConfirmed);
    };
    if !site.is_confirmed() {
        return Ok(Opening::NotConfirmed);
    }
    let now = site.now();
    // One after the other on the same thread: an opening waits for a thread once. Made ready before the reading is taken:
    // what cannot be handed out costs nobody a reading.
    let room = Room {
        openings: Arc::clone(&site.openings),
        repeats: Arc::clone(&site.repeats),
        visitor: source.group(),
    };
    let look = move |c: &Connection| look(c, id, &proofs, claim, now, &room);
    let ready = move |c: &Connection, found: Look<Locked>| found.ready(c, id);
    match site.site.read_in_turn(&site.keys, look, ready).await? {
        Look::Miss => {
            site.noise.misses.fetch_add(1, Ordering::Relaxed);
            Ok(Opening::Neutral)
        }
        Look::NoRoom => Ok(Opening::NoRoom),
        Look::Hit {
            row,
            shown,
            verdict,
            held,
        } => {
            let reader = Reader {
                site,
                entered,
                id,
                row,
                shown,
                source: source.address().to_string(),
            };
            reader.go_on(verdict, held, now).await
        }
    }
}

fn look(
    c: &Connection,
    id: Token,
    proofs: &Proofs,
    claim: Token,
    now: i64,
    room: &Room,
) -> Result<Look<Locked>, SiteError> {
    let found = message::by_id(c, id)?;
    // What is not here is compared with, too, so that both take as long.
    let stored = found.as_ref().map_or([0; 32], |message| message.link);
    let link_fits = fits(&*proofs.link, &stored);
    let Some(message) = found.filter(|_| link_fits) else {
        return Ok(Look::Miss);
    };
    let open_fits = message.open.is_none_or(|stored| {
        let shown = proofs.open.as_ref();
        shown.is_some_and(|shown| fits(&**shown, &stored))
    });
    let shown = Shown {
        open_fits,
        claim: sha256(claim.as_bytes()),
    };
    let verdict = judge(c, &message, shown, now)?;
    let row = message.row;
    let held = match verdict {
        Verdict::Take | Verdict::Again => {
            // Before it is read, and before the reading is taken: what finds no place is not lost.
            let place = match room.take(message.size, &shown, verdict) {
                Ok(place) => place,
                Err(NoRoom) => return Ok(Look::NoRoom),
            };
            Some(Locked {
                pieces: piece::all(c, row)?,
                message,
                place,
            })
        }
        Verdict::Wrong | Verdict::Locked | Verdict::Ended(_) => None,
    };
    Ok(Look::Hit {
        row,
        shown,
        verdict,
        held,
    })
}

impl Look<Locked> {
    /// With the message unlocked, where it may be handed out. `c` is a snapshot of the keys.
    fn ready(self, c: &Connection, id: Token) -> Result<Look<Opened>, SiteError> {
        Ok(match self {
            Self::Miss => Look::Miss,
            Self::NoRoom => Look::NoRoom,
            Self::Hit {
                row,
                shown,
                verdict,
                held,
            } => Look::Hit {
                row,
                shown,
                verdict,
                held: held.map(|held| held.unlock(c, id)).transpose()?,
            },
        })
    }
}

impl Locked {
    fn unlock(self, c: &Connection, id: Token) -> Result<Opened, SiteError> {
        let Self {
            message,
            pieces,
            place,
        } = self;
        let key = keys::get(c, message.row)?.ok_or(Garbled)?;
        let ciphertext = piece::unlock(&pieces, &key.cipher(id.as_bytes()), message.size)?;
        let nonce: [u8; 12] = message.nonce.try_into().map_err(|_| Garbled)?;
        Ok(Opened {
            header: message.header,
            nonce: Bytes::from(nonce),
            ciphertext,
            place,
        })
    }
}

/// Somebody behind the right link.
struct Reader<'site> {
    site: &'site Arc<Running>,
    entered: InEpoch,
    id: Token,
    row: i64,
    shown: Shown,
    source: String,
}

impl Reader<'_> {
    async fn go_on(self, verdict: Verdict, held: Option<Opened>, now: i64) -> Result<Opening, SiteError> {
        match verdict {
            Verdict::Ended(ended) => Ok(Opening::Ended(ended)),
            Verdict::Locked => Ok(Opening::WrongPassphrase { tries_left: 0 }),
            Verdict::Wrong => self.decide(now).await.and_then(refusal),
            Verdict::Again => Ok(Opening::Opened(held.ok_or(Garbled)?)),
            Verdict::Take => {
                let opened = held.ok_or(Garbled)?;
                match self.decide(now).await? {
                    Decided::Taken | Decided::Again => Ok(Opening::Opened(opened)),
                    other => refusal(other),
                }
            }
        }
    }

    /// Judges again and does what follows, in one transaction.
    async fn decide(self, now: i64) -> Result<Decided, SiteError> {
        let site = self.site;
        site.step(Step::ReadingChecked);
        let lease = i64::try_from(site.settings.lease.as_millis()).unwrap_or(i64::MAX);
        let change = Change {
            epoch: Arc::clone(&self.entered),
            row: self.row,
            id: self.id,
            shown: self.shown,
            source: self.source,
            now,
            until: now.saturating_add(lease),
        };
        let site = Arc::clone(site);
        to_its_end(self.entered, async move {
            let (decided, seq) = site.write(Side::Public, move |c| change.make(c)).await?;
            match decided {
                Decided::Taken => site.step(Step::ReadingTaken),
                Decided::Wrong { .. } => site.step(Step::WrongCounted),
                _ => {}
            }
            if let Some(seq) = seq {
                site.announce(seq);
            }
            Ok(decided)
        })
        .await
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy)]
enum Decided {
    Taken,
    Again,
    Wrong { tries_left: u32 },
    Ended(contract::sync::Ended),
}

fn refusal(decided: Decided) -> Result<Opening, SiteError> {
    match decided {
        Decided::Wrong { tries_left } => Ok(Opening::WrongPassphrase { tries_left }),
        Decided::Ended(ended) => Ok(Opening::Ended(ended)),
        // Nobody who showed a wrong passphrase gets here.
        Decided::Taken | Decided::Again => Err(Garbled.into()),
    }
}

/// One opening, on the writer's side.
struct Change {
    epoch: Arc<Epoch>,
    row: i64,
    id: Token,
    shown: Shown,
    source: String,
    now: i64,
    until: i64,
}

impl Change {
    /// No event, no reading: both are in this transaction.
    fn make(self, c: &Connection) -> Result<(Decided, Option<u64>), SiteError> {
        // The row has not changed hands: numbers are not used twice, and the epoch lasts while the caller is in it.
        let message = message::by_row(c, self.row)?.ok_or(Garbled)?;
        match judge(c, &message, self.shown, self.now)? {
            Verdict::Ended(ended) => Ok((Decided::Ended(ended), None)),
            Verdict::Locked => Ok((Decided::Wrong { tries_left: 0 }, None)),
            Verdict::Again => Ok((Decided::Again, None)),
            Verdict::Take => {
                let seq = self.take(c, &message)?;
                Ok((Decided::Taken, Some(seq)))
            }
            Verdict::Wrong => {
                let tries_left = message.tries_left - 1;
                let seq = self.count_wrong(c, tries_left)?;
                Ok((Decided::Wrong { tries_left }, Some(seq)))
            }
        }
    }

    fn take(self, c: &Connection, message: &Message) -> Result<u64, SiteError> {
        let readings_left = message.readings_left - 1;
        // Nobody has a lease on what was never opened.
        let had_leases = message.opened_at.is_some();
        // After the last reading the message ends with its last lease, whenever it was to expire.
        let due = match readings_left {
            0 if had_leases => {
                claim::last_until(c, self.row)?.map_or(self.until, |last| last.max(self.until))
            }
            0 => self.until,
            _ => message.expires_at,
        };
        if had_leases {
            claim::remove_until(c, self.row, self.now)?;
        }
        claim::insert(c, self.row, &self.shown.claim, self.until)?;
        message::take_reading(c, self.row, self.now, due)?;
        let what = What::Opened {
            message: self.id,
            claim: Digest::from(self.shown.claim),
            source: self.source,
            readings_left,
        };
        chain::append(c, &self.epoch.owner, self.now, what)
    }

    fn count_wrong(self, c: &Connection, tries_left: u32) -> Result<u64, SiteError> {
        message::count_wrong(c, self.row)?;
        let what = What::WrongPassphrase {
            message: self.id,
            source: self.source,
            tries_left,
        };
        chain::append(c, &self.epoch.owner, self.now, what)
    }
}
