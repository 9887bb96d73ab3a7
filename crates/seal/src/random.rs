//! Randomness as a parameter: the core passes its own source, the portal the operating system's, the
//! vectors a fixed one.

use std::convert::Infallible;

use hpke::rand_core::{TryCryptoRng, TryRng};
use rand::rngs::SysRng;

/// Fills a buffer with random bytes fit for keys.
pub type Fill<'a> = dyn FnMut(&mut [u8]) + 'a;

/// The operating system's randomness, as a [`Fill`]: `seal_to(block, plain, &mut os_random)`.
pub fn os_random(buffer: &mut [u8]) {
    SysRng
        .try_fill_bytes(buffer)
        .expect("a kernel without randomness can run no server of ours");
}

/// Lets a [`Fill`] serve where a library asks for a generator.
pub(crate) struct Source<'a, 'b>(pub(crate) &'a mut Fill<'b>);

impl TryRng for Source<'_, '_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        (self.0)(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        (self.0)(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, buffer: &mut [u8]) -> Result<(), Infallible> {
        (self.0)(buffer);
        Ok(())
    }
}

impl TryCryptoRng for Source<'_, '_> {}
