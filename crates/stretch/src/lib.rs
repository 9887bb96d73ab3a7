//! Argon2id (RFC 9106; 19 MiB, two passes, one lane), whose working memory goes back to the system after each run.
//!
//! An allocator keeps what it once gave out: glibc serves blocks of up to 32 MiB from a heap that does not shrink, as
//! soon as one block of that size was freed. Each thread that had hashed once would then hold 19 MiB for good. What is
//! asked for in a piece above that limit is mapped by itself and unmapped when it is dropped; the part of it that
//! nobody touches costs nothing. So every run asks for more than it uses.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq;

/// One block more than what glibc ever serves from its heap (`DEFAULT_MMAP_THRESHOLD_MAX`, 32 MiB).
const MAPPED: usize = 32 * 1024 * 1024 / Block::SIZE + 1;

/// The length of a hash in bytes.
pub const LENGTH: usize = Params::DEFAULT_OUTPUT_LEN;

/// The hash of a password under a salt.
pub fn hash(password: &[u8], salt: &[u8; 16]) -> [u8; LENGTH] {
    let mut hash = [0; LENGTH];
    run(&Argon2::default(), password, salt, &mut hash)
        .expect("the lengths of salt and output are fixed and allowed");
    hash
}

/// The hash with its salt and parameters, as a PHC string.
pub fn text(password: &[u8], salt: &[u8; 16]) -> String {
    let fixed = "salt, output and parameters have fixed and allowed lengths";
    PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&Params::DEFAULT).expect(fixed),
        salt: Some(Salt::new(salt).expect(fixed)),
        hash: Some(Output::new(&hash(password, salt)).expect(fixed)),
    }
    .to_string()
}

/// Whether the password has this hash, under the parameters that the PHC string names. One that cannot be read fits
/// nothing.
pub fn fits(password: &[u8], text: &str) -> bool {
    let Ok(stored) = PasswordHash::new(text) else {
        return false;
    };
    let (Some(salt), Some(expected)) = (&stored.salt, &stored.hash) else {
        return false;
    };
    let Some(argon2) = as_stored(&stored) else {
        return false;
    };
    let mut found = vec![0; expected.len()];
    run(&argon2, password, salt, &mut found).is_ok() && bool::from(found.ct_eq(expected.as_bytes()))
}

fn as_stored(stored: &PasswordHash) -> Option<Argon2<'static>> {
    let algorithm = Algorithm::try_from(stored.algorithm.as_str()).ok()?;
    let version = stored
        .version
        .map_or(Some(Version::V0x13), |version| version.try_into().ok())?;
    Some(Argon2::new(algorithm, version, Params::try_from(stored).ok()?))
}

fn run(argon2: &Argon2<'_>, password: &[u8], salt: &[u8], out: &mut [u8]) -> argon2::Result<()> {
    let needed = argon2.params().block_count();
    let mut memory = Vec::with_capacity(needed.max(MAPPED));
    memory.resize(needed, Block::new());
    argon2.hash_password_into_with_memory(password, salt, out, &mut memory)
}

#[cfg(test)]
mod tests {
    use argon2::{PasswordHasher, PasswordVerifier};

    use super::*;

    #[test]
    fn it_is_the_library_s_argon2id() {
        let theirs = Argon2::default()
            .hash_password_with_salt(b"a secret", &[7; 16])
            .unwrap();
        let ours = text(b"a secret", &[7; 16]);
        assert_eq!(ours, theirs.to_string());
        assert!(
            Argon2::default()
                .verify_password(b"a secret", ours.as_str())
                .is_ok()
        );
        assert_eq!(theirs.hash.unwrap().as_bytes(), hash(b"a secret", &[7; 16]));
    }

    #[test]
    fn only_the_password_fits() {
        let stored = text(b"a secret", &[7; 16]);
        assert!(fits(b"a secret", &stored));
        assert!(!fits(b"a secreT", &stored));
        for unreadable in [
            "",
            "$argon2id$",
            "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA",
            "$scrypt$x",
        ] {
            assert!(!fits(b"a secret", unreadable), "{unreadable}");
        }
    }
}
