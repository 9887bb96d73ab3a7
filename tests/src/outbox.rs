//! What a core that was killed still had to send, read from a copy of its database.

use std::collections::BTreeSet;

use sqlite::Connection;

use crate::folder::copy;
use crate::stack::Stack;

impl Stack {
    /// The letters in the outbox of a core that does not run, named as their mails are in the folder of mails.
    ///
    /// # Panics
    /// When its database cannot be read.
    pub fn letters_left(&self) -> BTreeSet<String> {
        // A copy, so that the core itself still has to find its way out of what the kill left behind.
        let dead = self.state().join("core.dead");
        copy(&self.state().join("core"), &dead);
        let database = Connection::open(dead.join("core.db")).expect("a database");
        let mut letters = database
            .prepare("SELECT lower(hex(id)) FROM outbox WHERE kind LIKE 'mail%'")
            .expect("the outbox");
        let letters = letters.query_map([], |row| row.get(0)).expect("its rows");
        letters.collect::<Result<_, _>>().expect("their ids")
    }
}
