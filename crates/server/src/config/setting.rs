//! What the value of a key can be.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::document::Item;
use super::origin::Origin;

/// A type that a key's value can have.
pub trait Setting: Sized {
    /// What would be right, as the end of the sentence "write …".
    const WANTED: &'static str;

    /// A harmless value to go on with after a mistake; it never leaves [`load`](super::load).
    fn stand_in() -> Self;

    /// Understands the value; `None` when it is not what is wanted.
    fn read(item: &Item) -> Option<Self>;

    /// The value as the file would have it.
    fn show(&self) -> String;
}

impl Setting for String {
    const WANTED: &'static str = "a text in quotes that is not empty";
    fn stand_in() -> Self {
        Self::new()
    }
    fn read(item: &Item) -> Option<Self> {
        item.text()
            .filter(|text| !text.trim().is_empty())
            .map(str::to_owned)
    }
    fn show(&self) -> String {
        format!("{self:?}")
    }
}

impl Setting for bool {
    const WANTED: &'static str = "true or false";
    fn stand_in() -> Self {
        false
    }
    fn read(item: &Item) -> Option<Self> {
        item.boolean()
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

macro_rules! whole_numbers {
    ($($number:ty => $wanted:literal),*) => {$(
        impl Setting for $number {
            const WANTED: &'static str = $wanted;
            fn stand_in() -> Self {
                1
            }
            fn read(item: &Item) -> Option<Self> {
                item.integer().and_then(|number| Self::try_from(number).ok())
            }
            fn show(&self) -> String {
                self.to_string()
            }
        }
    )*};
}
whole_numbers!(
    u16 => "a whole number from 0 to 65535",
    u32 => "a whole number from 0 to 4294967295",
    u64 => "a whole number, not negative",
    usize => "a whole number, not negative"
);

impl Setting for Duration {
    const WANTED: &'static str = "a time such as \"250ms\", \"30s\", \"15m\", \"24h\" or \"1d\"";
    fn stand_in() -> Self {
        Self::from_secs(1)
    }
    fn read(item: &Item) -> Option<Self> {
        let text = item.text()?;
        let digits = text.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().ok()?;
        let milliseconds = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        number.checked_mul(milliseconds).map(Self::from_millis)
    }
    fn show(&self) -> String {
        let milliseconds = self.as_millis();
        [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")]
            .into_iter()
            .find(|(unit, _)| milliseconds > 0 && milliseconds.is_multiple_of(*unit))
            .map_or_else(
                || format!("\"{milliseconds}ms\""),
                |(unit, name)| format!("\"{}{name}\"", milliseconds / unit),
            )
    }
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

impl Setting for Size {
    const WANTED: &'static str = "a size such as \"64KiB\", \"12MiB\" or \"20GiB\"";
    fn stand_in() -> Self {
        Self(1)
    }
    fn read(item: &Item) -> Option<Self> {
        let text = item.text()?;
        let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
        let (_, bytes) = SIZES.into_iter().find(|(name, _)| *name == unit)?;
        number.parse::<u64>().ok()?.checked_mul(bytes).map(Self)
    }
    fn show(&self) -> String {
        let (unit, bytes) = SIZES
            .into_iter()
            .find(|(_, bytes)| self.0 > 0 && self.0.is_multiple_of(*bytes))
            .unwrap_or(("B", 1));
        format!("\"{}{unit}\"", self.0 / bytes)
    }
}

const SIZES: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

impl Setting for SocketAddr {
    const WANTED: &'static str =
        "a literal address with a port, such as \"10.2.0.10:8443\" or \"[::1]:9090\", not a host name";
    fn stand_in() -> Self {
        Self::from(([127, 0, 0, 1], 0))
    }
    fn read(item: &Item) -> Option<Self> {
        item.text()?.parse().ok()
    }
    fn show(&self) -> String {
        format!("\"{self}\"")
    }
}

impl Setting for Vec<IpNet> {
    const WANTED: &'static str = "a list of networks, such as [\"10.1.0.0/24\", \"2001:db8::/64\"]";
    fn stand_in() -> Self {
        Self::new()
    }
    fn read(item: &Item) -> Option<Self> {
        item.texts()?.into_iter().map(network).collect()
    }
    fn show(&self) -> String {
        format!("{:?}", self.iter().map(ToString::to_string).collect::<Vec<_>>())
    }
}

/// A network, or one address as a network of its own.
fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| {
        text.parse()
            .ok()
            .map(|address: std::net::IpAddr| IpNet::from(address))
    })
}

impl Setting for Vec<String> {
    const WANTED: &'static str = "a list of texts, such as [\"one\", \"two\"]";
    fn stand_in() -> Self {
        Self::new()
    }
    fn read(item: &Item) -> Option<Self> {
        item.texts()
            .map(|texts| texts.into_iter().map(str::to_owned).collect())
    }
    fn show(&self) -> String {
        format!("{self:?}")
    }
}

impl Setting for Vec<Vec<String>> {
    const WANTED: &'static str = "a list of lists of texts, such as [[\"one\", \"two\"], [\"three\"]]";
    fn stand_in() -> Self {
        Self::new()
    }
    fn read(item: &Item) -> Option<Self> {
        let lists = item.lists()?;
        Some(
            lists
                .into_iter()
                .map(|texts| texts.into_iter().map(str::to_owned).collect())
                .collect(),
        )
    }
    fn show(&self) -> String {
        format!("{self:?}")
    }
}

impl Setting for Origin {
    const WANTED: &'static str = "an origin such as \"https://reset.corp.example\": https, no path";
    fn stand_in() -> Self {
        Self::parse("https://stand-in.invalid").expect("a constant that parses")
    }
    fn read(item: &Item) -> Option<Self> {
        Self::parse(item.text()?).ok()
    }
    fn show(&self) -> String {
        format!("\"{self}\"")
    }
}

impl Setting for PathBuf {
    const WANTED: &'static str = "a path in quotes";
    fn stand_in() -> Self {
        Self::new()
    }
    fn read(item: &Item) -> Option<Self> {
        item.text().filter(|text| !text.is_empty()).map(Self::from)
    }
    fn show(&self) -> String {
        format!("\"{}\"", self.display())
    }
}
