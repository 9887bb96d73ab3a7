//! What one submit costs the core: opening one box.

use criterion::{Criterion, criterion_group, criterion_main};
use seal::{KeyRing, SealBlock, os_random, rid, seal_to};

fn open(c: &mut Criterion) {
    let ring = KeyRing::generate(0, &mut os_random);
    let block = SealBlock::new(ring.block_key(), rid(&[0; 32]), "reset", None, "c", 1).to_json();
    let sealed = seal_to(&block, br#"{"code":"123456"}"#, &mut os_random).expect("a fresh block");
    c.bench_function("open one box", |b| b.iter(|| ring.open(&block, &sealed)));
}

criterion_group!(benches, open);
criterion_main!(benches);
