//! What a node is told in its file.

use hypermesh_core::stoq::preset::{Effective, Preset, Source};
use hypermesh_core::stoq::session::Roles;
use hypermesh_core::testing::Breach;
use serde::{Deserialize, Deserializer, de};
use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::path::{Path, PathBuf};

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It holds what is put, and says what names lead to.
    Origin,
    /// A cache between edges and origins.
    Regional,
    /// A cache near clients.
    Edge,
}

impl Role {
    /// The role as a certificate says it.
    pub const fn roles(self) -> Roles {
        match self {
            Self::Origin => Roles::ORIGIN,
            Self::Regional => Roles::REGIONAL,
            Self::Edge => Roles::EDGE,
        }
    }

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Origin => "origin",
            Self::Regional => "regional",
            Self::Edge => "edge",
        }
    }
}

/// The file of a node. Paths in it are relative to its folder.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What it is.
    pub role: Role,
    /// Where it listens, over UDP: `"[address]:port"`.
    #[serde(deserialize_with = "address")]
    pub listen: SocketAddrV6,
    /// Its certificate files.
    pub certificates: Certificates,
    /// What it keeps on disk. An origin needs it.
    #[serde(default)]
    pub store: Option<StoreSettings>,
    /// Nodes above it, in order of preference.
    #[serde(default)]
    pub upstreams: Vec<Upstream>,
    /// Where it tells its health and metrics, over plain HTTP. Only an address of this machine will do.
    #[serde(default, deserialize_with = "some_address")]
    pub local: Option<SocketAddrV6>,
    /// The preset; that of its role if none is named.
    #[serde(default)]
    pub preset: Option<String>,
    /// Values over those of the preset.
    #[serde(default)]
    pub set: BTreeMap<String, Plain>,
}

/// Certificate files.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificates {
    /// Certificate of the authority.
    pub ca: PathBuf,
    /// The node's own chain.
    pub chain: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// The list of revocations.
    pub revoked: PathBuf,
}

/// A store.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSettings {
    /// Its folder, made if it is not there.
    pub folder: PathBuf,
    /// Bytes that it may take, like `10GiB`.
    pub quota: Plain,
}

/// A node above.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// Its address.
    #[serde(deserialize_with = "address")]
    pub address: SocketAddrV6,
    /// The name in its certificate.
    pub name: String,
    /// What it is.
    pub role: Role,
}

/// A value as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plain(pub String);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl de::Visitor<'_> for Any {
            type Value = Plain;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value such as 8952, 10GiB, 5s or yes")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Plain, E> {
                Ok(Plain(text.to_owned()))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Plain, E> {
                Ok(Plain(value.to_string()))
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Plain, E> {
                Ok(Plain(value.to_string()))
            }
            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Plain, E> {
                Ok(Plain(if value { "yes" } else { "no" }.to_owned()))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// Why a file tells nothing.
#[derive(Debug)]
pub enum SettingsError {
    /// It cannot be read.
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It is not what it should be; the text has line, place and reason.
    Text(String),
    /// What it says does not fit together.
    Sense(String),
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, error } => write!(f, "{}: {error}", path.display()),
            Self::Text(text) | Self::Sense(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for SettingsError {}

impl Settings {
    /// Reads and checks a file.
    pub fn load(path: &Path) -> Result<Self, SettingsError> {
        let text = std::fs::read_to_string(path).map_err(|error| SettingsError::File { path: path.to_owned(), error })?;
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Self::read(&text, &path.display().to_string(), &folder)
    }

    /// The same from text. `name` is what messages call it, `folder` what paths are relative to.
    pub fn read(text: &str, name: &str, folder: &Path) -> Result<Self, SettingsError> {
        let mut settings: Self =
            serde_saphyr::from_str(text).map_err(|error| SettingsError::Text(error.to_string().replace("<input>", name)))?;
        let files = &mut settings.certificates;
        for path in [&mut files.ca, &mut files.chain, &mut files.key, &mut files.revoked] {
            *path = folder.join(&*path);
        }
        if let Some(store) = &mut settings.store {
            store.folder = folder.join(&store.folder);
        }
        settings.sense().map_err(|problem| SettingsError::Sense(format!("{name}: {problem}")))?;
        Ok(settings)
    }

    /// What does not fit together, if anything.
    fn sense(&self) -> Result<(), String> {
        match self.role {
            Role::Origin if self.store.is_none() => return Err("an origin needs a store".to_owned()),
            Role::Origin if !self.upstreams.is_empty() => return Err("an origin has nobody above it; take `upstreams` out".to_owned()),
            Role::Regional | Role::Edge if self.upstreams.is_empty() => {
                return Err(format!("a node of the role {} needs at least one of `upstreams`", self.role.word()));
            }
            _ => {}
        }
        if self.local.is_some_and(|local| *local.ip() != Ipv6Addr::LOCALHOST) && !Breach::ManageFromAfar.is_on() {
            return Err("`local` is for this machine alone: write \"[::1]:port\"".to_owned());
        }
        self.values()?;
        self.quota()?;
        Ok(())
    }

    /// All values that hold, and where each came from.
    pub fn values(&self) -> Result<Effective, String> {
        let preset = match &self.preset {
            Some(name) => Some(Preset::named(name).ok_or_else(|| {
                let names: Vec<&str> = Preset::ALL.iter().map(|preset| preset.name()).collect();
                format!("there is no preset {name}; there are {}", names.join(", "))
            })?),
            None if self.role == Role::Origin => Some(Preset::Origin),
            None => Some(Preset::Edge),
        };
        let mut values = Effective::new(preset);
        for (name, Plain(text)) in &self.set {
            values.set(Source::File, name, text).map_err(|problem| format!("`set`: {problem}"))?;
        }
        match values.problems().first() {
            Some(problem) => Err(format!("`set`: {problem}")),
            None => Ok(values),
        }
    }

    /// Bytes that the store may take.
    pub fn quota(&self) -> Result<u64, String> {
        let Some(store) = &self.store else { return Ok(0) };
        hypermesh_core::stoq::preset::Unit::Bytes.read(&store.quota.0).map_err(|error| format!("`store.quota`: {error}"))
    }
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddrV6, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| de::Error::custom(format!("`{text}` is not an IPv6 address with a port; write for example \"[::1]:7100\"")))
}

fn some_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddrV6>, D::Error> {
    address(deserializer).map(Some)
}
