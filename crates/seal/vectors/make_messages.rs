//! Makes `messages.json` from fixed secrets. Shared by the example that writes the file and the test that holds the
//! crate to it. Written by structs and not by JSON values, whose order of fields is not ours to choose.

use data_encoding::BASE64URL_NOPAD;
use hpke::kem::DhP256HkdfSha256;
use hpke::{Kem, Serializable};
use seal::{Content, DropKey, File, LinkSecret, MessageKeys, Passphrase, UploadProof, seal_drop};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Names as they come, to be cleaned.
const NAMES: [&str; 22] = [
    "report.pdf",
    "Zażółć gęślą.txt",
    "../../etc/passwd",
    "C:\\Users\\me\\x.txt",
    "folder/",
    "",
    " . ",
    ".bashrc",
    "name. . ",
    "a:b<c>d\"e|f?g*h",
    "gpj.\u{202e}exe",
    "new\nline\t\u{0}\u{7f}\u{85}.txt",
    "zero\u{200b}width\u{feff}\u{ad}.txt",
    "👩\u{200d}🔧.txt",
    "tag\u{e0041}\u{e007f}.txt",
    "CON",
    "nul.tar.gz",
    "Com1 .txt",
    "com10",
    "lpt0",
    "\u{a0}space\u{a0}",
    "...",
];

/// Types as they come.
const KINDS: [&str; 9] = [
    "text/plain",
    "Image/PNG",
    "",
    "text",
    "text/html; charset=utf-8",
    "a/b/c",
    "application/vnd.x+json",
    "/x",
    "text/\u{e4}",
];

/// Lengths around the steps of the padding.
const LENGTHS: [usize; 9] = [0, 1024, 1025, 1126, 1127, 5000, 100_000, 1_000_000, 10_485_760];

#[derive(Serialize, Deserialize)]
pub(crate) struct Named {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) bytes: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Inside {
    pub(crate) text: String,
    pub(crate) files: Vec<Named>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct MessageCase {
    pub(crate) id: String,
    pub(crate) fragment: String,
    pub(crate) passphrase: Option<String>,
    pub(crate) content: Inside,
    pub(crate) header: String,
    pub(crate) nonce: String,
    pub(crate) link: String,
    pub(crate) open: Option<String>,
    pub(crate) ciphertext: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct DropCase {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) public: String,
    pub(crate) fragment: String,
    pub(crate) content: Inside,
    pub(crate) sealed: String,
}

#[derive(Serialize)]
struct Pair {
    secret: String,
    public: String,
}

#[derive(Serialize)]
struct Vectors {
    padding: Vec<[usize; 2]>,
    names: Vec<[String; 2]>,
    kinds: Vec<[String; 2]>,
    messages: Vec<MessageCase>,
    ephemeral: Pair,
    drops: Vec<DropCase>,
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

pub(crate) fn bytes(text: &str) -> Vec<u8> {
    BASE64URL_NOPAD
        .decode(text.as_bytes())
        .expect("the vectors are base64url")
}

impl Inside {
    /// What is sealed.
    pub(crate) fn content(&self) -> Content {
        let files = self
            .files
            .iter()
            .map(|file| File::new(&file.name, &file.kind, Zeroizing::new(bytes(&file.bytes))))
            .collect();
        Content::new(Zeroizing::new(self.text.clone()), files).expect("the vectors are small")
    }

    fn text(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            files: Vec::new(),
        }
    }

    fn files(text: &str, files: &[(&str, &str, &[u8])]) -> Self {
        let file = |(name, kind, bytes): &(&str, &str, &[u8])| Named {
            name: (*name).to_owned(),
            kind: (*kind).to_owned(),
            bytes: base64(bytes),
        };
        Self {
            text: text.to_owned(),
            files: files.iter().map(file).collect(),
        }
    }
}

/// The name and the type that a file gets.
fn cleaned(name: &str, kind: &str) -> (String, String) {
    let file = File::new(name, kind, Zeroizing::new(Vec::new()));
    (file.name().to_owned(), file.kind().to_owned())
}

/// The length of the ciphertext of so many bytes, without its tag: seen through the envelope, as everybody sees it.
fn padded(needed: usize) -> usize {
    const MANIFEST: usize = r#"{"text":"","files":[{"name":"f","type":"a/b","size":}]}"#.len() + 4;
    // The number of digits of the size is part of the length.
    let size = (0..=8)
        .find_map(|digits| {
            let size = needed.checked_sub(MANIFEST + digits)?;
            (size.to_string().len() == digits).then_some(size)
        })
        .unwrap_or_default();
    let file = File::new("f", "a/b", Zeroizing::new(vec![0; size]));
    let content = Content::new(Zeroizing::new(String::new()), vec![file]).expect("bounded");
    let secret = LinkSecret::from_bytes(Zeroizing::new([0; 32]));
    let envelope = MessageKeys::derive(&[0; 16], &secret, None).seal(&content, &mut |buffer| buffer.fill(0));
    envelope.ciphertext.len() - 16
}

fn message(number: u8, passphrase: Option<&str>, inside: Inside) -> MessageCase {
    let id = [number; 16];
    let secret = LinkSecret::from_bytes(Zeroizing::new([number ^ 0xff; 32]));
    let typed = passphrase.map(|text| Passphrase::new(text).expect("a passphrase"));
    let keys = MessageKeys::derive(&id, &secret, typed.as_ref());
    let (link, open) = (
        base64(keys.proofs().link()),
        keys.proofs().open().map(|open| base64(open)),
    );
    let fragment = secret.fragment(keys.profile()).to_string();
    let envelope = keys.seal(&inside.content(), &mut |buffer| buffer.fill(number));
    MessageCase {
        id: base64(&id),
        fragment,
        passphrase: passphrase.map(str::to_owned),
        content: inside,
        header: envelope.header,
        nonce: base64(&envelope.nonce),
        link,
        open,
        ciphertext: base64(&envelope.ciphertext),
    }
}

/// The input of the key that a drop is sealed with.
const EPHEMERAL: [u8; 32] = [0x33; 32];

fn drop_box(number: u8, inside: Inside) -> DropCase {
    let id = [number; 16];
    let key = DropKey::generate(&mut |buffer| buffer.fill(number));
    let proof = UploadProof::from_bytes(Zeroizing::new([number ^ 0xff; 16]));
    let sealed = seal_drop(&id, key.public(), &inside.content(), &mut |buffer| {
        buffer.copy_from_slice(&EPHEMERAL);
    })
    .expect("a key");
    DropCase {
        id: base64(&id),
        secret: base64(key.to_bytes().as_slice()),
        public: base64(key.public()),
        fragment: key.link(proof).fragment().to_string(),
        content: inside,
        sealed: base64(&sealed),
    }
}

fn contents() -> [Inside; 4] {
    [
        Inside::text("Zażółć \"gęślą\" \\ jaźń 🔑\r\n\t\u{1}\u{7f}\u{2028}<script>"),
        Inside::files("", &[("leer.txt", "text/plain", b"")]),
        Inside::files(
            "Two files",
            &[
                ("key.pem", "application/x-pem-file", b"\0\x01\xff\r\n"),
                ("Zażółć.bin", "application/octet-stream", &[7; 1500]),
            ],
        ),
        Inside::text(&"x".repeat(1024 - 4 - r#"{"text":""}"#.len())),
    ]
}

/// The whole file.
pub(crate) fn messages() -> String {
    let [first, empty, files, full] = contents();
    let (secret, public) = DhP256HkdfSha256::derive_keypair(&EPHEMERAL);
    let vectors = Vectors {
        padding: LENGTHS.iter().map(|n| [*n, padded(*n)]).collect(),
        names: NAMES
            .iter()
            .map(|name| (*name).to_owned())
            .chain(["ä".repeat(200) + ".pdf", "🔑".repeat(60) + "." + &"x".repeat(30)])
            .map(|name| {
                let clean = cleaned(&name, "").0;
                [name, clean]
            })
            .collect(),
        kinds: KINDS
            .iter()
            .map(|kind| [(*kind).to_owned(), cleaned("", kind).1])
            .collect(),
        messages: vec![
            message(1, None, first),
            message(2, Some("k7fm-2qpt-x4wd-8hrc"), Inside::text("With a passphrase")),
            // Decomposed and between blanks: the same as composed and without.
            message(3, Some("\u{a0}Zaz\u{307}o\u{301}łc\u{301} \u{212b}\n"), files),
            message(4, None, empty),
            message(5, None, full),
        ],
        ephemeral: Pair {
            secret: base64(&secret.to_bytes()),
            public: base64(&public.to_bytes()),
        },
        drops: contents()
            .into_iter()
            .zip(11..)
            .map(|(inside, number)| drop_box(number, inside))
            .collect(),
    };
    format!(
        "{}\n",
        serde_json::to_string_pretty(&vectors).expect("texts and numbers always become JSON")
    )
}
