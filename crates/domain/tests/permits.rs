//! What must not compile: permits made by hand, copied, kept after use, or mixed up.

#[test]
fn misuse_of_a_permit_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/misuse/*.rs");
}
